/* SPDX-License-Identifier: Apache-2.0 */
/* What the stateids of revoked opens and locks answer to every operation of 4.0 that takes them. */
#include <string.h>

#include "lib/test.h"
#include "state/client/client.h"
#include "state/open/open_revoke.h"
#include "v40_fixture.h"
#include "wire/op_table.h"

static struct v40_caller me;
static struct v40_owner owner, locker, newcomer;
static struct v40_file file, unconfirmed;
static struct stateid4 lock;

/* An open with a lock, and one that is not confirmed. */
static int set_up(void **unused)
{
    uint64_t id;

    v41_set_up(unused);
    v40_caller_init(&me, v41_fd);
    id = v40_client(&me, "alice");
    owner = (struct v40_owner){id, "owner", 1};
    locker = (struct v40_owner){id, "locker", 1};
    assert_int_equal(
        send_create(&me, &owner, "file", OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_NONE, &file),
        NFS4_OK);
    assert_int_equal(send_confirm(&me, &owner, &file), NFS4_OK);
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 0, 10, &lock), NFS4_OK);
    newcomer = (struct v40_owner){id, "newcomer", 1};
    assert_int_equal(send_open(&me, &newcomer, "file", OPEN4_SHARE_ACCESS_READ,
                               OPEN4_SHARE_DENY_NONE, &unconfirmed),
                     NFS4_OK);
    return 0;
}

static void revoke(enum nfsstat4 why)
{
    struct client *client = client_lookup(test_server.state, owner.clientid);
    uint32_t count;

    assert_non_null(client);
    assert_true(open_client_revoke(client, why, &count));
    assert_int_equal(count, 2);
    client_put(client);
}

static void expect(struct nfs_argop4 *op, enum nfsstat4 status)
{
    const struct nfs_resop4 *result;

    v40_begin(&me);
    v41_put(&me.call,
            &(struct nfs_argop4){.argop = OP_PUTFH, .opputfh = {.object = {file.fh, file.fh_len}}});
    v41_put(&me.call, op);
    result = v41_last(&me.call);
    if (result->resop != op->argop || result->status != status)
        fail_msg("%s: %u instead of %u", op_info(op->argop)->name, result->status, status);
}

/* The seqids go on with each of them.  LOCK first looks whether the client may be granted
 * anything. */
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
    revoke(NFS4ERR_EXPIRED);
    expect_all(NFS4ERR_EXPIRED);
}

static void by_an_administrator(void **unused)
{
    (void)unused;
    revoke(NFS4ERR_ADMIN_REVOKED);
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
