/* SPDX-License-Identifier: Apache-2.0 */
/* The result of every operation of 4.0 that takes a stateid, with the stateids of revoked opens and
 * locks. */
#include <string.h>

#include "lib/test.h"
#include "v40_fixture.h"

static struct v40_caller me;
static struct v40_owner owner, locker, newcomer;
static struct v40_file file, unconfirmed;
static struct stateid4 lock;

/* An open with a lock, and an unconfirmed open. */
static int set_up(void **unused)
{
    v41_set_up(unused);
    v40_alice(&me, &owner, &locker, &file);
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 0, 10, &lock), NFS4_OK);
    newcomer = (struct v40_owner){owner.clientid, "newcomer", 1};
    assert_int_equal(send_open(&me, &newcomer, "file", OPEN4_SHARE_ACCESS_READ,
                               OPEN4_SHARE_DENY_NONE, &unconfirmed),
                     NFS4_OK);
    return 0;
}

static void expect(struct nfs_argop4 *op, enum nfsstat4 status)
{
    v40_begin(&me);
    v41_put(&me.call,
            &(struct nfs_argop4){.argop = OP_PUTFH, .opputfh = {.object = {file.fh, file.fh_len}}});
    v41_put_last(&me.call, op, status);
}

/* Each request advances the seqids. LOCK first checks whether the client may get new state. */
static void expect_all(enum nfsstat4 why)
{
    const struct stateid4 open = file.stateid;
    const struct fattr4 size = {.attrmask = {.count = 1, .words = {1u << FATTR4_SIZE}},
                                .attr_vals = {(const uint8_t *)"\0\0\0\0\0\0\0\0", 8}};
    const struct state_owner4 another = {owner.clientid, v40_text("another")};
    struct nfs_argop4 ops[] = {
        {.argop = OP_READ, .opread = {.stateid = open, .count = 1}},
        {.argop = OP_WRITE, .opwrite = {.stateid = open, .data = v40_text("data")}},
        {.argop = OP_SETATTR, .opsetattr = {.stateid = open, .obj_attributes = size}},
        {.argop = OP_OPEN_DOWNGRADE,
         .opopen_downgrade = {.open_stateid = open,
                              .seqid = owner.seqid,
                              .share_access = OPEN4_SHARE_ACCESS_BOTH}},
        {.argop = OP_LOCK,
         .oplock = {.locktype = WRITE_LT,
                    .length = 10,
                    .locker = {.new_lock_owner = true,
                               .open_owner = {owner.seqid + 1, open, 1, another}}}},
        {.argop = OP_LOCK,
         .oplock = {.locktype = WRITE_LT,
                    .length = 10,
                    .locker = {.lock_owner = {lock, locker.seqid}}}},
        {.argop = OP_LOCKU,
         .oplocku =
             {.locktype = WRITE_LT, .seqid = locker.seqid + 1, .lock_stateid = lock, .length = 10}},
        {.argop = OP_OPEN_CONFIRM,
         .opopen_confirm = {.open_stateid = unconfirmed.stateid, .seqid = newcomer.seqid}},
        {.argop = OP_CLOSE, .opclose = {.seqid = owner.seqid + 2, .open_stateid = open}},
    };

    for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
        expect(&ops[i], ops[i].argop == OP_LOCK ? NFS4ERR_EXPIRED : why);
}

static void lease_over(void **unused)
{
    (void)unused;
    v41_revoke(owner.clientid, NFS4ERR_EXPIRED, 2);
    expect_all(NFS4ERR_EXPIRED);
}

static void by_an_administrator(void **unused)
{
    (void)unused;
    v41_revoke(owner.clientid, NFS4ERR_ADMIN_REVOKED, 2);
    expect_all(NFS4ERR_ADMIN_REVOKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lease_over, set_up, v41_tear_down),
        cmocka_unit_test_setup_teardown(by_an_administrator, set_up, v41_tear_down),
    };

    return test_group_run(tests);
}
