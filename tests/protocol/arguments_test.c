/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments that are well formed but wrong: stateids that are old, unknown or of the wrong mode,
 * invalid byte ranges, attributes that do not exist.
 */
#include <string.h>

#include "script.h"
#include "wire/op_table.h"

static struct client_fh dir;
static struct client_file file;     /* open for both, twice: seqid 2, or 3 if confirmed */
static struct client_owner *opener; /* owner of the open that LOCK names, in 4.0 */
static struct stateid4 lock;        /* under that open, with seqid 2 */

static struct client_file open_again(const char *owner, uint32_t access)
{
    struct client_open how = {.owner = owner, .access = access, .name = "file"};
    struct client_file opened;

    expect_status(client_file_open(&alice, &dir, &how, &opened), NFS4_OK);
    return opened;
}

static void op_lock(const struct stateid4 *stateid, uint64_t offset, uint64_t length)
{
    script_op_as(&alice, "locker",
                 &(struct nfs_argop4){.argop = OP_LOCK,
                                      .oplock = {.locktype = WRITE_LT,
                                                 .offset = offset,
                                                 .length = length,
                                                 .locker.lock_owner = {*stateid, 0}}});
}

static void op_lockt(uint64_t offset, uint64_t length)
{
    client_compound_add(
        C,
        &(struct nfs_argop4){
            .argop = OP_LOCKT,
            .oplockt = {
                WRITE_LT, offset, length, {client_mount_clientid(&alice), client_text("prober")}}});
}

static void op_locku(const struct stateid4 *stateid, uint64_t offset, uint64_t length)
{
    script_op_as(&alice, "locker",
                 &(struct nfs_argop4){.argop = OP_LOCKU,
                                      .oplocku = {.locktype = WRITE_LT,
                                                  .lock_stateid = *stateid,
                                                  .offset = offset,
                                                  .length = length}});
}

static int setup(void **state)
{
    if (script_setup_default(state) != 0)
        return -1;
    dir = script_dir(script_mem);
    (void)make_file(&alice, &dir, "file");
    (void)open_again("owner", OPEN4_SHARE_ACCESS_BOTH);
    file = open_again("owner", OPEN4_SHARE_ACCESS_BOTH);
    assert_int_equal(file.stateid.seqid, V40_OR(3, 2));
    opener = file.owner;
    begin(&alice, &file.fh);
    script_op_lock_new(&alice, &file, "locker", WRITE_LT, 0, 10);
    run(NFS4_OK);
    lock = result(OP_LOCK)->oplock.lock_stateid;
    begin(&alice, &file.fh);
    op_lock(&lock, 10, 10);
    run(NFS4_OK);
    lock = result(OP_LOCK)->oplock.lock_stateid;
    return 0;
}

/* The operations that take the stateid of an open, and those that take that of a lock. */
static const uint32_t with_open[] = {OP_CLOSE, OP_OPEN_DOWNGRADE, OP_LOCK,        OP_READ,
                                     OP_WRITE, OP_SETATTR,        OP_FREE_STATEID};
static const uint32_t with_lock[] = {OP_LOCK, OP_LOCKU, OP_READ, OP_FREE_STATEID};

static void add(uint32_t op, const struct stateid4 *stateid, bool of_lock)
{
    struct nfs_argop4 downgrade = {
        .argop = OP_OPEN_DOWNGRADE,
        .opopen_downgrade = {.open_stateid = *stateid, .share_access = OPEN4_SHARE_ACCESS_BOTH}};
    struct nfs_argop4 close = {.argop = OP_CLOSE, .opclose = {0, *stateid}};
    struct nfs_argop4 free_it = {.argop = OP_FREE_STATEID, .opfree_stateid = {*stateid}};
    const struct client_file as_open = {.stateid = *stateid, .owner = opener};

    switch (op) {
    case OP_CLOSE:
        script_op_as(&alice, "owner", &close);
        break;
    case OP_OPEN_DOWNGRADE:
        script_op_as(&alice, "owner", &downgrade);
        break;
    case OP_LOCK:
        if (of_lock)
            op_lock(stateid, 0, 10);
        else
            script_op_lock_new(&alice, &as_open, "l", WRITE_LT, 100, 1);
        break;
    case OP_LOCKU:
        op_locku(stateid, 0, 1);
        break;
    case OP_READ:
        client_op_read(C, stateid, 0, 1);
        break;
    case OP_WRITE:
        client_op_write(C, stateid, 0, UNSTABLE4, "x", 1);
        break;
    case OP_SETATTR:
        client_op_setattr(C, stateid, CLIENT_BITS(FATTR4_SIZE), &(struct nfs4_attrs){.size = 1});
        break;
    default:
        client_compound_add(C, &free_it);
    }
}

static void expect_refused(uint32_t op, const struct stateid4 *stateid, bool of_lock,
                           enum nfsstat4 status)
{
    if (script_minor == 0 && op > OP_RELEASE_LOCKOWNER)
        return;
    begin(&alice, &file.fh);
    add(op, stateid, of_lock);
    client_result_free(R);
    assert_int_equal(client_compound_call(&alice.conn, C, R), CLIENT_OK);
    if (R->status != status || R->ops[R->count - 1].resop != op)
        fail_msg("%s: %s instead of %s", op_info(op)->name, status_name(R->status),
                 status_name(status));
}

static void for_all(const struct stateid4 *of_open, const struct stateid4 *of_lock,
                    enum nfsstat4 status)
{
    for (size_t i = 0; i < ARRAY_SIZE(with_open); i++)
        expect_refused(with_open[i], of_open, false, status);
    for (size_t i = 0; i < ARRAY_SIZE(with_lock); i++)
        expect_refused(with_lock[i], of_lock, true, status);
}

/* RFC 8881 §8.2.2: a seqid that is past, and one that is not reached yet. */
static void old_stateid(void **state)
{
    struct stateid4 open_older = file.stateid, lock_older = lock;

    (void)state;
    open_older.seqid = lock_older.seqid = 1;
    for_all(&open_older, &lock_older, NFS4ERR_OLD_STATEID);
}

static void bad_stateid(void **state)
{
    struct stateid4 open_later = file.stateid, lock_later = lock, unknown = file.stateid;

    (void)state;
    open_later.seqid++;
    lock_later.seqid++;
    for_all(&open_later, &lock_later, NFS4ERR_BAD_STATEID);
    unknown.other[5] ^= 1;
    for_all(&unknown, &unknown, NFS4ERR_BAD_STATEID);
    /* It looks as if it came from another life of the server. */
    unknown = file.stateid;
    unknown.other[0] ^= 1;
    for_all(&unknown, &unknown, V40_OR(NFS4ERR_STALE_STATEID, NFS4ERR_BAD_STATEID));
}

/* An open for reading does not permit writing, nor the other way round. */
static void openmode(void **state)
{
    struct client_file reader = open_again("reader", OPEN4_SHARE_ACCESS_READ);
    struct client_file writer = open_again("writer", OPEN4_SHARE_ACCESS_WRITE);

    (void)state;
    expect_refused(OP_WRITE, &reader.stateid, false, NFS4ERR_OPENMODE);
    expect_refused(OP_SETATTR, &reader.stateid, false, NFS4ERR_OPENMODE);
    opener = reader.owner;
    expect_refused(OP_LOCK, &reader.stateid, false, NFS4ERR_OPENMODE);
    opener = file.owner;
    expect_refused(OP_READ, &writer.stateid, false, NFS4ERR_OPENMODE);
    expect_status(client_file_close(&alice, &reader), NFS4_OK);
    expect_status(client_file_close(&alice, &writer), NFS4_OK);
}

/* OPEN4_SHARE_DENY_BOTH of one client denies I/O to a client without an open. */
static void locked(void **state)
{
    struct client_open how = {.owner = "denier",
                              .access = OPEN4_SHARE_ACCESS_READ,
                              .deny = OPEN4_SHARE_DENY_BOTH,
                              .name = "denied"};
    struct client_file denier;
    struct client_fh denied = make_file(&alice, &dir, "denied");

    (void)state;
    expect_status(client_file_open(&bob, &dir, &how, &denier), NFS4_OK);
    begin(&alice, &denied);
    client_op_read(C, &client_stateid_anonymous, 0, 1);
    run(NFS4ERR_LOCKED);
    begin(&alice, &denied);
    client_op_write(C, &client_stateid_anonymous, 0, UNSTABLE4, "x", 1);
    run(NFS4ERR_LOCKED);
    begin(&alice, &denied);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_SIZE),
                      &(struct nfs4_attrs){.size = 1});
    run(NFS4ERR_LOCKED);
    expect_status(client_file_close(&bob, &denier), NFS4_OK);
}

/* An empty range, and a last byte beyond 2^64. */
static void ranges(void **state)
{
    static const struct {
        uint64_t offset, length;
    } bad[] = {{5, 0}, {2, NFS4_UINT64_MAX - 1}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        begin(&alice, &file.fh);
        op_lock(&lock, bad[i].offset, bad[i].length);
        run(NFS4ERR_INVAL);
        begin(&alice, &file.fh);
        op_lockt(bad[i].offset, bad[i].length);
        run(NFS4ERR_INVAL);
        begin(&alice, &file.fh);
        op_locku(&lock, bad[i].offset, bad[i].length);
        run(NFS4ERR_INVAL);
    }
}

/* Each operation that sets or compares attributes, with these attributes. */
static void with_attributes(const struct fattr4 *attrs, bool compared, enum nfsstat4 status)
{
    struct nfs_argop4 create = {.argop = OP_CREATE,
                                .opcreate = {.objtype = {.type = NF4DIR},
                                             .objname = client_text("new"),
                                             .createattrs = *attrs}};
    struct nfs_argop4 open = {
        .argop = OP_OPEN,
        .opopen = {.share_access = OPEN4_SHARE_ACCESS_BOTH,
                   .openhow = {.opentype = OPEN4_CREATE, .how = {GUARDED4, {*attrs}}},
                   .claim = {.claim = CLAIM_NULL, .file = client_text("new")}}};
    struct nfs_argop4 setattr = {.argop = OP_SETATTR, .opsetattr = {.obj_attributes = *attrs}};
    struct nfs_argop4 verify = {.argop = OP_VERIFY, .opverify = {*attrs}};
    struct nfs_argop4 nverify = {.argop = OP_NVERIFY, .opnverify = {*attrs}};
    struct nfs_argop4 *const changes[] = {&create, &open, &setattr};
    struct nfs_argop4 *const compares[] = {&verify, &nverify};

    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        begin(&alice, &dir);
        if (changes[i] == &open)
            script_op_as(&alice, "owner", &open);
        else
            client_compound_add(C, changes[i]);
        run(status);
    }
    for (size_t i = 0; i < ARRAY_SIZE(compares) && compared; i++) {
        begin(&alice, &dir);
        client_compound_add(C, compares[i]);
        run(status);
    }
}

static void attributes(void **state)
{
    static uint8_t no_owner[8] = {0, 0, 0, 4, 'r', 'o', 'o', 't'}, one[4] = {0, 0, 0, 1};
    const struct fattr4 unsupported = {CLIENT_BITS(FATTR4_HIDDEN), {one, sizeof(one)}};
    const struct fattr4 owner = {CLIENT_BITS(FATTR4_OWNER), {no_owner, sizeof(no_owner)}};

    (void)state;
    with_attributes(&unsupported, true, NFS4ERR_ATTRNOTSUPP);
    with_attributes(&owner, false, NFS4ERR_BADOWNER);
    begin(&alice, &dir);
    client_op_getattr(C, CLIENT_BITS(FATTR4_TIME_MODIFY_SET));
    run(NFS4ERR_INVAL);
    begin(&alice, &dir);
    client_op_readdir(C, 0, NULL, 4096, CLIENT_BITS(FATTR4_TIME_MODIFY_SET));
    run(NFS4ERR_INVAL);
}

/* Attribute number 96 and higher ones are not supported, and are not silently ignored. */
static void attributes_beyond(void **state)
{
    static const uint32_t verify[] = {OP_VERIFY, 4, 0, 0, 0, 1, 0};
    static const uint32_t nverify[] = {OP_NVERIFY, 4, 0, 0, 0, 1, 0};
    static const uint32_t setattr[] = {OP_SETATTR, 0, 0, 0, 0, 4, 0, 0, 0, 1, 0};
    static const uint32_t create[] = {OP_CREATE, NF4DIR, 3, 0x6e657700, 4, 0, 0, 0, 1, 0};
    static const uint32_t getattr[] = {OP_GETATTR, 4, 2, 0, 0, 1};

    (void)state;
#define REFUSED(words)                                                                             \
    begin(&alice, &dir);                                                                           \
    client_compound_add_words(C, words, ARRAY_SIZE(words));                                        \
    run(NFS4ERR_ATTRNOTSUPP)
    REFUSED(verify);
    REFUSED(nverify);
    REFUSED(setattr);
    REFUSED(create);
#undef REFUSED
    /* When only requested, they are left out. */
    begin(&alice, &dir);
    client_compound_add_words(C, getattr, ARRAY_SIZE(getattr));
    run(NFS4_OK);
    assert_int_equal(result(OP_GETATTR)->opgetattr.obj_attributes.attrmask.words[0], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_stateid),
        cmocka_unit_test(bad_stateid),
        cmocka_unit_test(openmode),
        cmocka_unit_test(locked),
        cmocka_unit_test(ranges),
        cmocka_unit_test(attributes),
        cmocka_unit_test(attributes_beyond),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
