/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both minor versions over one connection: each compound takes its own path, and neither disturbs
 * the other (S20-02, S20-23, S20-25, SR-02). Alice uses 4.1 and bob 4.0; here bob uses alice's
 * connection, too.
 */
#include <stdlib.h>
#include <string.h>

#include "script.h"

#define ROUNDS 1000u
#define BATCH 32u

/* The state of one client in its half of the test. */
struct half {
    struct client_mount *mount;
    struct client_file mine, other; /* own file; the other half's, opened for reading */
    struct stateid4 lock;           /* of `mine`, when it is locked */
    struct client_owner *locker;    /* in 4.0 */
    bool locked;
    uint32_t written; /* blocks of 8 bytes */
    const char *name;
};

static struct half halves[2]; /* by minor version */
static struct client_fh dir;

static void op_lock(struct half *half)
{
    const struct client_lock lock = {.type = WRITE_LT, .offset = half->written, .length = 1};

    if (!half->locker) {
        struct nfs_argop4 op = {.argop = OP_LOCK,
                                .oplock = {.locktype = lock.type,
                                           .offset = lock.offset,
                                           .length = lock.length,
                                           .locker.lock_owner = {half->lock, 0}}};

        if (half->locked)
            client_compound_add(C, &op);
        else
            client_op_lock_new(C, &half->mine.stateid, half->mount->session.clientid, "locker",
                               lock.type, lock.offset, lock.length);
    } else if (half->locked) {
        client_owner_lock(C, half->locker, &half->lock, &lock);
    } else {
        client_owner_lock_first(C, half->mine.owner, &half->mine.stateid, half->locker, &lock);
    }
}

static void op_unlock(struct half *half)
{
    const struct client_lock lock = {.type = WRITE_LT, .length = NFS4_UINT64_MAX};
    struct nfs_argop4 op = {
        .argop = OP_LOCKU,
        .oplocku = {.locktype = lock.type, .lock_stateid = half->lock, .length = lock.length}};

    if (half->locker)
        client_owner_unlock(C, half->locker, &half->lock, &lock);
    else
        client_compound_add(C, &op);
}

/* The other half's lock conflicts. */
static void op_lock_test(const struct half *half)
{
    struct nfs_argop4 op = {
        .argop = OP_LOCKT,
        .oplockt = {.locktype = READ_LT,
                    .length = NFS4_UINT64_MAX,
                    .owner = {client_mount_clientid(half->mount), client_text("tester")}}};

    client_compound_add(C, &op);
}

static void op_reopen(struct half *half)
{
    struct client_open open = {.clientid = client_mount_clientid(half->mount),
                               .owner = "file",
                               .access = OPEN4_SHARE_ACCESS_BOTH,
                               .name = half->name};

    if (half->mine.owner)
        client_owner_open(C, half->mine.owner, &open);
    else
        client_op_open(C, &open);
}

static void take_lock(struct half *half)
{
    half->lock = result(OP_LOCK)->oplock.lock_stateid;
    half->locked = true;
}

/* One request of a half; both halves take the same steps in turn. */
static void step(struct half *half, const struct half *other, uint32_t round)
{
    const uint64_t value = (uint64_t)round << 32 | half->written;
    char name[32];

    (void)snprintf(name, sizeof(name), "%s %u", half->name, round / 8);
    begin(half->mount, &half->mine.fh);
    switch (round % 8) {
    case 0:
        client_op_write(C, &half->mine.stateid, 8ull * half->written, UNSTABLE4, &value, 8);
        run_on(&alice.conn, NFS4_OK);
        half->written++;
        return;
    case 1:
        client_op_read(C, &half->mine.stateid, 8ull * (half->written - 1), 8);
        run_on(&alice.conn, NFS4_OK);
        assert_int_equal(result(OP_READ)->opread.data.len, 8);
        return;
    case 2:
        client_op_putfh(C, &half->other.fh);
        client_op_read(C, &half->other.stateid, 0, 1u << 20);
        run_on(&alice.conn, NFS4_OK);
        assert_int_equal(result(OP_READ)->opread.data.len, 8 * other->written);
        return;
    case 3:
        op_lock(half);
        run_on(&alice.conn, NFS4_OK);
        take_lock(half);
        return;
    case 4:
        client_op_putfh(C, &half->other.fh);
        op_lock_test(half);
        run_on(&alice.conn, NFS4ERR_DENIED);
        assert_true(result(OP_LOCKT)->denied.owner.clientid == client_mount_clientid(other->mount));
        return;
    case 5:
        op_unlock(half);
        run_on(&alice.conn, NFS4_OK);
        half->lock = result(OP_LOCKU)->oplocku.lock_stateid;
        return;
    case 6:
        client_op_putfh(C, &dir);
        client_op_create(C, name, NF4DIR, NULL, 0755);
        run_on(&alice.conn, NFS4_OK);
        return;
    default:
        client_op_putfh(C, &dir);
        op_reopen(half);
        client_op_putfh(C, &dir);
        client_op_remove(C, name);
        run_on(&alice.conn, NFS4_OK);
        half->mine.stateid = result(OP_OPEN)->opopen.stateid;
    }
}

static void half_begin(struct half *half, struct client_mount *mount, const char *name)
{
    *half = (struct half){.mount = mount, .name = name};
    half->mine = make_open(mount, &dir, name);
    half->locker = client_mount_owner(mount, "locker");
}

static void half_meet(struct half *half, const struct half *other)
{
    struct client_open how = {
        .owner = "reader", .access = OPEN4_SHARE_ACCESS_READ, .name = other->name};

    expect_status(client_file_open(half->mount, &dir, &how, &half->other), NFS4_OK);
}

static void half_end(struct half *half)
{
    struct client_open how = {
        .owner = "checker", .access = OPEN4_SHARE_ACCESS_READ, .name = half->name};
    uint64_t values[ROUNDS / 8 + 1];
    struct client_file file;
    uint32_t got;
    bool eof;

    expect_status(client_file_open(half->mount, &dir, &how, &file), NFS4_OK);
    expect_status(client_file_read(half->mount, &file, 0, values, sizeof(values), &got, &eof),
                  NFS4_OK);
    assert_true(eof);
    assert_int_equal(got, 8 * half->written);
    for (uint32_t i = 0; i < half->written; i++)
        assert_true(values[i] == ((uint64_t)(8 * i) << 32 | i));
    expect_status(client_file_close(half->mount, &file), NFS4_OK);
    expect_status(client_file_close(half->mount, &half->mine), NFS4_OK);
    expect_status(client_file_close(half->mount, &half->other), NFS4_OK);
}

/* S20-23: a thousand compounds of each in turn on one socket, with writes, reads, locks and opens;
 * each sees the other's changes. */
static void in_turn(void **state)
{
    dir = script_dir(*state);
    half_begin(&halves[0], &bob, "of bob");
    half_begin(&halves[1], &alice, "of alice");
    half_meet(&halves[0], &halves[1]);
    half_meet(&halves[1], &halves[0]);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        step(&halves[0], &halves[1], round);
        step(&halves[1], &halves[0], round);
    }
    half_end(&halves[0]);
    half_end(&halves[1]);
}

struct batch {
    uint8_t *bytes;
    size_t len, size;
    struct client_compound compounds[BATCH];
    uint32_t xids[BATCH];
};

/* Append a call with its record mark. */
static void batch_add(struct batch *batch, uint32_t index)
{
    const struct wire_opaque args = client_compound_args(&batch->compounds[index]);
    uint32_t mark;
    size_t len;

    batch->xids[index] = ++alice.conn.xid;
    len = client_call_encode(&alice.conn.cred, batch->xids[index], NFS4_PROGRAM, NFS_V4,
                             NFSPROC4_COMPOUND, args.data, args.len,
                             batch->bytes + batch->len + sizeof(mark),
                             batch->size - batch->len - sizeof(mark));
    assert_true(len > 0);
    mark = htobe32(0x80000000u | (uint32_t)len);
    memcpy(batch->bytes + batch->len, &mark, sizeof(mark));
    batch->len += sizeof(mark) + len;
}

/* Create and list a directory: compounds independent of the other half of the batch. */
static void batch_build(struct client_compound *c, uint32_t index)
{
    char name[16];

    (void)snprintf(name, sizeof(name), "%u", index);
    if (index % 2)
        client_compound_begin_slot(c, &alice.session, index, true);
    else
        client_compound_begin(c, client_text(name), 0);
    client_op_putfh(c, &dir);
    client_op_create(c, name, NF4DIR, NULL, 0755);
    client_op_getattr(c, CLIENT_BITS(FATTR4_TYPE));
}

/* S20-23: both versions may arrive in one segment. */
static void in_one_segment(void **state)
{
    struct batch batch = {.size = 65536};

    dir = script_dir(*state);
    batch.bytes = must_malloc(batch.size);
    assert_true(alice.session.slot_count >= BATCH);
    for (uint32_t i = 0; i < BATCH; i++) {
        batch_build(&batch.compounds[i], i);
        batch_add(&batch, i);
    }
    assert_int_equal(client_conn_send_raw(&alice.conn, batch.bytes, batch.len), CLIENT_OK);
    for (uint32_t i = 0; i < BATCH; i++) {
        struct client_result r;

        assert_int_equal(
            client_compound_receive(&alice.conn, &batch.compounds[i], batch.xids[i], &r),
            CLIENT_OK);
        expect_status(r.status, NFS4_OK);
        assert_int_equal(r.decoded, i % 2 ? 4 : 3);
        assert_int_equal(r.ops[0].resop, i % 2 ? OP_SEQUENCE : OP_PUTFH);
        assert_int_equal(r.ops[r.decoded - 1].resop, OP_GETATTR);
        client_result_free(&r);
        client_compound_free(&batch.compounds[i]);
    }
    free(batch.bytes);
    for (uint32_t i = 0; i < BATCH; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "%u", i);
        (void)look(i % 2 ? &bob : &alice, &dir, name);
    }
}

/* S20-02, SR-02: the minor version decides; operations that only one of them has show which was
 * used. */
static void minor_version_chooses(void **state)
{
    struct client_id_wish set = client_id_wish_default("either");
    struct client_session_wish exchange = client_session_wish_default("either");
    struct client_session session = {0};
    struct client_id id;
    enum nfsstat4 status;

    (void)state;
    assert_int_equal(client_id_set(&alice.conn, &set, &id, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_int_equal(client_session_exchange_id(&alice.conn, &exchange, &session, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
    begin_bare(&alice, 1);
    client_id_op_set(C, &set);
    run(NFS4ERR_NOTSUPP);
    begin_bare(&alice, 0);
    script_op_zeroed(OP_EXCHANGE_ID);
    run(NFS4ERR_OP_ILLEGAL);
    assert_int_equal(R->ops[0].resop, OP_ILLEGAL);
}

/* Any operation with an owner's seqid, in `minor`, with seqids that are wrong by `off`. */
static void seqid_is(uint32_t minor, int32_t off, enum nfsstat4 status)
{
    struct half *half = &halves[minor];
    struct client_mount *mount = half->mount;
    const uint64_t clientid = client_mount_clientid(mount);
    const uint32_t of_open =
        half->mine.owner ? half->mine.owner->seqid + (uint32_t)off : (uint32_t)off;
    const uint32_t of_lock = half->locker ? half->locker->seqid + (uint32_t)off : (uint32_t)off;
    struct nfs_argop4 ops[] = {
        {.argop = OP_OPEN,
         .opopen = {.seqid = of_open,
                    .share_access = OPEN4_SHARE_ACCESS_BOTH,
                    .owner = {clientid, client_text("file")},
                    .claim = {.claim = CLAIM_NULL, .file = client_text(half->name)}}},
        {.argop = OP_OPEN_DOWNGRADE,
         .opopen_downgrade = {.open_stateid = half->mine.stateid,
                              .seqid = of_open,
                              .share_access = OPEN4_SHARE_ACCESS_BOTH}},
        {.argop = OP_LOCK,
         .oplock = {.locktype = WRITE_LT,
                    .length = 1,
                    .locker = {.lock_owner = {half->lock, of_lock}}}},
        {.argop = OP_LOCKU,
         .oplocku =
             {.locktype = WRITE_LT, .seqid = of_lock, .lock_stateid = half->lock, .length = 1}},
        {.argop = OP_CLOSE, .opclose = {.seqid = of_open, .open_stateid = half->mine.stateid}},
    };

    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        begin(mount, ops[i].argop == OP_OPEN ? &dir : &half->mine.fh);
        client_compound_add(C, &ops[i]);
        run_on(&alice.conn, status);
        if (status != NFS4_OK)
            continue;
        if (ops[i].argop == OP_OPEN)
            ops[1].opopen_downgrade.open_stateid = result(OP_OPEN)->opopen.stateid;
        else if (ops[i].argop == OP_OPEN_DOWNGRADE)
            ops[4].opclose.open_stateid = result(OP_OPEN_DOWNGRADE)->opopen_downgrade.open_stateid;
        else if (ops[i].argop == OP_LOCK)
            ops[3].oplocku.lock_stateid = result(OP_LOCK)->oplock.lock_stateid;
    }
}

static void half_open_and_lock(struct half *half, struct client_mount *mount, const char *name)
{
    half_begin(half, mount, name);
    begin(mount, &half->mine.fh);
    op_lock(half);
    run(NFS4_OK);
    take_lock(half);
}

/* S20-04: in 4.0, owners' seqids order requests; in 4.1 any seqid is accepted, 0 too. */
static void owner_seqids(void **state)
{
    static const int32_t off[] = {1, -2, 1000, INT32_MIN};

    dir = script_dir(*state);
    half_open_and_lock(&halves[0], &bob, "of bob");
    for (size_t i = 0; i < ARRAY_SIZE(off); i++)
        seqid_is(0, off[i], NFS4ERR_BAD_SEQID);
    /* It had no effect. */
    expect_status(client_file_close(&bob, &halves[0].mine), NFS4_OK);
    for (size_t i = 0; i < ARRAY_SIZE(off); i++) {
        half_open_and_lock(&halves[1], &alice, i ? "again" : "of alice");
        seqid_is(1, i ? off[i] : 0, NFS4_OK);
        expect_status(client_file_remove(&alice, &dir, halves[1].name), NFS4_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(in_turn),
        ON_BOTH(in_one_segment),
        cmocka_unit_test(minor_version_chooses),
        ON_BOTH(owner_seqids),
    };

    return test_group_run_fixtures(tests, script_setup_mixed, script_teardown);
}
