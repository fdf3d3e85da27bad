/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What minor version 1 took from owners: their seqids order nothing, and their client id is ignored
 * (RFC 8881 §8.8, §18.16.3). And which operations belong to which minor version.
 */
#include <string.h>

#include "script.h"

static const uint32_t seqids[] = {0, 1, 7, 0x80000000, UINT32_MAX, 3};

static void add_open(uint32_t access, uint32_t seqid, uint64_t clientid)
{
    struct nfs_argop4 op = {
        .argop = OP_OPEN,
        .opopen = {.seqid = seqid,
                   .share_access = access,
                   .owner = {.clientid = clientid, .owner = client_text("owner")},
                   .openhow = {.opentype = OPEN4_NOCREATE},
                   .claim = {.claim = CLAIM_NULL, .file = client_text("file")}},
    };

    client_compound_add(C, &op);
}

static struct stateid4 opened(const struct client_fh *dir, uint32_t access, uint32_t seqid,
                              uint64_t clientid)
{
    begin(&alice, dir);
    add_open(access, seqid, clientid);
    run(NFS4_OK);
    return result(OP_OPEN)->opopen.stateid;
}

static struct stateid4 locked(const struct client_fh *fh, const struct stateid4 *open_stateid,
                              uint32_t seqid, uint64_t clientid)
{
    struct nfs_argop4 op = {
        .argop = OP_LOCK,
        .oplock = {.locktype = WRITE_LT,
                   .length = 10,
                   .locker = {.new_lock_owner = true,
                              .open_owner = {.open_seqid = seqid,
                                             .open_stateid = *open_stateid,
                                             .lock_seqid = ~seqid,
                                             .lock_owner = {.clientid = clientid,
                                                            .owner = client_text("locker")}}}},
    };

    begin(&alice, fh);
    client_compound_add(C, &op);
    run(NFS4_OK);
    return result(OP_LOCK)->oplock.lock_stateid;
}

static void lock_more(const struct client_fh *fh, struct stateid4 *stateid, uint32_t seqid)
{
    struct nfs_argop4 op = {
        .argop = OP_LOCK,
        .oplock = {.locktype = WRITE_LT,
                   .offset = 20,
                   .length = 10,
                   .locker = {.lock_owner = {.lock_stateid = *stateid, .lock_seqid = seqid}}},
    };

    begin(&alice, fh);
    client_compound_add(C, &op);
    run(NFS4_OK);
    *stateid = result(OP_LOCK)->oplock.lock_stateid;
}

static void unlock(const struct client_fh *fh, const struct stateid4 *stateid, uint32_t seqid)
{
    struct nfs_argop4 op = {
        .argop = OP_LOCKU,
        .oplocku = {.locktype = WRITE_LT,
                    .seqid = seqid,
                    .lock_stateid = *stateid,
                    .length = NFS4_UINT64_MAX},
    };

    begin(&alice, fh);
    client_compound_add(C, &op);
    run(NFS4_OK);
}

static struct stateid4 downgraded(const struct client_fh *fh, const struct stateid4 *stateid,
                                  uint32_t seqid)
{
    struct nfs_argop4 op = {
        .argop = OP_OPEN_DOWNGRADE,
        .opopen_downgrade = {.open_stateid = *stateid,
                             .seqid = seqid,
                             .share_access = OPEN4_SHARE_ACCESS_READ},
    };

    begin(&alice, fh);
    client_op_read(C, stateid, 0, 1);
    client_compound_add(C, &op);
    run(NFS4_OK);
    return result(OP_OPEN_DOWNGRADE)->opopen_downgrade.open_stateid;
}

static void close_with(const struct client_fh *fh, const struct stateid4 *stateid, uint32_t seqid)
{
    struct nfs_argop4 op = {.argop = OP_CLOSE,
                            .opclose = {.seqid = seqid, .open_stateid = *stateid}};

    begin(&alice, fh);
    client_compound_add(C, &op);
    run(NFS4_OK);
}

/* S20-04, S20-22: any seqid of an owner is accepted, 0 too, in any order and twice. */
static void seqids_order_nothing(void **state)
{
    struct client_fh dir = script_dir(*state), file = make_file(&alice, &dir, "file");

    for (size_t i = 0; i < ARRAY_SIZE(seqids); i++) {
        struct stateid4 open_stateid, lock;

        opened(&dir, OPEN4_SHARE_ACCESS_READ, seqids[i], alice.session.clientid);
        open_stateid = opened(&dir, OPEN4_SHARE_ACCESS_BOTH, seqids[i], alice.session.clientid);
        lock = locked(&file, &open_stateid, seqids[i], alice.session.clientid);
        lock_more(&file, &lock, seqids[i]);
        unlock(&file, &lock, seqids[i]);
        open_stateid = downgraded(&file, &open_stateid, seqids[i]);
        close_with(&file, &open_stateid, seqids[i]);
    }
}

/* S20-48: the session determines the client of an open; owners of two clients are two, whatever
 * client id they name. */
static void clientid_of_the_session(void **state)
{
    struct client_fh dir = script_dir(*state), file = make_file(&alice, &dir, "file");
    struct stateid4 mine = opened(&dir, OPEN4_SHARE_ACCESS_BOTH, 0, bob.session.clientid), same,
                    lock;
    struct nfs_argop4 test = {
        .argop = OP_LOCKT,
        .oplockt = {.locktype = WRITE_LT,
                    .length = 10,
                    .owner = {.clientid = alice.session.clientid, .owner = client_text("locker")}}};

    same = opened(&dir, OPEN4_SHARE_ACCESS_BOTH, 0, 4711);
    assert_memory_equal(mine.other, same.other, sizeof(mine.other));
    assert_int_equal(same.seqid, mine.seqid + 1);
    lock = locked(&file, &same, 0, bob.session.clientid);
    /* Bob's owner of that name is another one, though it names alice's client id. */
    begin(&bob, &file);
    client_compound_add(C, &test);
    run(NFS4ERR_DENIED);
    assert_true(result(OP_LOCKT)->denied.owner.clientid == alice.session.clientid);
    begin(&bob, &file);
    client_op_close(C, &same);
    run(NFS4ERR_BAD_STATEID);
    unlock(&file, &lock, 0);
    close_with(&file, &same, 0);
}

/* S20-02, SR-02: the minor version decides; operations that it removed or added show which was
 * used. */
static void minor_version_chooses(void **state)
{
    struct nfs_argop4 setclientid = {
        .argop = OP_SETCLIENTID,
        .opsetclientid = {.client = {.id = client_text("a")},
                          .callback = {.cb_location = {
                                           .na_r_netid = client_text("tcp"),
                                           .na_r_addr = client_text(""),
                                       }}}};
    struct nfs_argop4 exchange = {
        .argop = OP_EXCHANGE_ID,
        .opexchange_id = {.eia_clientowner = {.co_ownerid = client_text("b")},
                          .eia_state_protect = {.spa_how = SP4_NONE}}};

    (void)state;
    begin(&alice, NULL);
    client_compound_add(C, &setclientid);
    run(NFS4ERR_NOTSUPP);
    client_compound_free(C);
    client_compound_begin_plain(C);
    client_compound_add(C, &exchange);
    run(NFS4_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(seqids_order_nothing),
        ON_BOTH(clientid_of_the_session),
        cmocka_unit_test(minor_version_chooses),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
