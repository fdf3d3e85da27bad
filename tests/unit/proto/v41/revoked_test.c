/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The result of every operation that takes a stateid, with the stateids of revoked opens and locks.
 * unit.proto.v41.revoked_v42 is the same in minor version 2 (REVOKED_V42).
 */
#include <string.h>

#include "lib/test.h"
#include "state/client/client.h"
#include "state/open/open_end.h"
#include "state/open/open_revoke.h"
#include "v41_fixture.h"
#include "wire/op_table.h"

static struct v41_call call;
static struct v41_session session;
static struct stateid4 open, lock;

static struct wire_opaque text(const char *string)
{
    return (struct wire_opaque){(const uint8_t *)string, (uint32_t)strlen(string)};
}

static void put(struct nfs_argop4 *op)
{
    v41_put(&call, op);
}

static void begin_at(const char *saved, const char *current)
{
    v41_begin_in(&call, &session, false);
    v41_op(&call, OP_PUTROOTFH);
    v41_op_lookup(&call, saved);
    v41_op(&call, OP_SAVEFH);
    v41_op(&call, OP_PUTROOTFH);
    v41_op_lookup(&call, current);
}

static void begin_at_file(void)
{
    begin_at("file", "file");
}

static struct stateid4 open_anew(const char *name)
{
    const struct nfs_resop4 *result;

    v41_begin_in(&call, &session, false);
    v41_op(&call, OP_PUTROOTFH);
    put(&(struct nfs_argop4){
        .argop = OP_OPEN,
        .opopen = {.share_access = OPEN4_SHARE_ACCESS_BOTH,
                   .owner = {.owner = text("owner")},
                   .openhow = {.opentype = OPEN4_CREATE, .how = {.mode = UNCHECKED4}},
                   .claim = {.claim = CLAIM_NULL, .file = text(name)}}});
    result = v41_last(&call);
    assert_int_equal(result->status, NFS4_OK);
    return result->opopen.stateid;
}

/* An open with a lock. */
static int set_up(void **unused)
{
    const struct nfs_resop4 *result;

#ifdef REVOKED_V42
    v41_minor = 2;
#endif
    v41_set_up(unused);
    v41_session_make(v41_fd, "client", NULL, &session);
    v41_begin_in(&call, &session, false);
    put(&(struct nfs_argop4){.argop = OP_RECLAIM_COMPLETE});
    assert_int_equal(v41_last(&call)->status, NFS4_OK);
    open = open_anew("other");
    begin_at("other", "other");
    v41_put_last(&call, &(struct nfs_argop4){.argop = OP_CLOSE, .opclose = {.open_stateid = open}},
                 NFS4_OK);
    open = open_anew("file");
    begin_at_file();
    put(&(struct nfs_argop4){
        .argop = OP_LOCK,
        .oplock = {.locktype = WRITE_LT,
                   .length = 10,
                   .locker = {.new_lock_owner = true,
                              .open_owner = {.open_stateid = open,
                                             .lock_owner = {.owner = text("locker")}}}}});
    result = v41_last(&call);
    assert_int_equal(result->status, NFS4_OK);
    lock = result->oplock.lock_stateid;
    return 0;
}

static void expect(struct nfs_argop4 *op, enum nfsstat4 status)
{
    /* A COPY needs two files. */
    if (op->argop == OP_COPY && op->opcopy.ca_src_stateid.seqid == 0)
        begin_at("other", "file");
    else
        begin_at("file", op->argop == OP_COPY ? "other" : "file");
    v41_put_last(&call, op, status);
}

/* All these operations, and FREE_STATEID, which acknowledges the loss once. */
static void expect_all(enum nfsstat4 why)
{
    const struct fattr4 size = {.attrmask = {.count = 1, .words = {1u << FATTR4_SIZE}},
                                .attr_vals = {(const uint8_t *)"\0\0\0\0\0\0\0\0", 8}};
    struct nfs_argop4 ops[] = {
        {.argop = OP_READ, .opread = {.stateid = open, .count = 1}},
        {.argop = OP_WRITE, .opwrite = {.stateid = open, .data = text("data")}},
        {.argop = OP_SETATTR, .opsetattr = {.stateid = open, .obj_attributes = size}},
        {.argop = OP_OPEN_DOWNGRADE,
         .opopen_downgrade = {.open_stateid = open, .share_access = OPEN4_SHARE_ACCESS_BOTH}},
        {.argop = OP_LOCK,
         .oplock = {.locktype = WRITE_LT,
                    .length = 10,
                    .locker = {.lock_owner = {.lock_stateid = lock}}}},
        {.argop = OP_LOCKU, .oplocku = {.locktype = WRITE_LT, .lock_stateid = lock, .length = 10}},
        {.argop = OP_CLONE, .opclone = {.cl_src_stateid = open}},
        {.argop = OP_CLONE, .opclone = {.cl_dst_stateid = open}},
        {.argop = OP_COPY, .opcopy = {.ca_src_stateid = open}},
        {.argop = OP_COPY, .opcopy = {.ca_dst_stateid = open}},
        {.argop = OP_ALLOCATE, .opallocate = {.aa_stateid = open, .aa_length = 1}},
        {.argop = OP_DEALLOCATE, .opdeallocate = {.da_stateid = open, .da_length = 1}},
        {.argop = OP_SEEK, .opseek = {.sa_stateid = open}},
        {.argop = OP_READ_PLUS, .opread_plus = {.rpa_stateid = open, .rpa_count = 1}},
        {.argop = OP_CLOSE, .opclose = {.open_stateid = open}},
    };
    struct nfs_argop4 free_lock = {.argop = OP_FREE_STATEID, .opfree_stateid = {lock}};
    struct nfs_argop4 free_open = {.argop = OP_FREE_STATEID, .opfree_stateid = {open}};

    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        if (op_info(ops[i].argop)->minor_first <= v41_minor)
            expect(&ops[i], why);
    }
    expect(&free_lock, NFS4_OK);
    expect(&free_open, NFS4_OK);
    expect(&free_open, NFS4ERR_BAD_STATEID);
    expect(&ops[0], NFS4ERR_BAD_STATEID);
}

static void lease_over(void **unused)
{
    (void)unused;
    v41_revoke(session.clientid, NFS4ERR_EXPIRED, 1);
    expect_all(NFS4ERR_EXPIRED);
}

static void by_an_administrator(void **unused)
{
    (void)unused;
    v41_revoke(session.clientid, NFS4ERR_ADMIN_REVOKED, 1);
    expect_all(NFS4ERR_ADMIN_REVOKED);
}

/* While the many locks of a revoked open are being dropped, the last are still to be revoked.
 * FREE_STATEID must not return EXPIRED (RFC 8881 §15.2). */
static void in_between(void **unused)
{
    struct client *client = client_lookup(test_server.state, session.clientid);
    struct nfs_argop4 free_lock = {.argop = OP_FREE_STATEID, .opfree_stateid = {lock}};
    struct open *of_client;
    struct list revoked;

    (void)unused;
    assert_non_null(client);
    of_client = open_get_first(owner_table_of(client), false);
    assert_non_null(of_client);
    list_init(&revoked);
    pthread_mutex_lock(&of_client->file->lock);
    open_revoke_locked(of_client, NFS4ERR_EXPIRED, &revoked);
    pthread_mutex_unlock(&of_client->file->lock);
    stateid_put(&of_client->sid);
    expect(&free_lock, NFS4ERR_DELAY);
    open_revoke_settle(&revoked, NFS4ERR_EXPIRED);
    expect(&free_lock, NFS4_OK);
    client_put(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lease_over, set_up, v41_tear_down),
        cmocka_unit_test_setup_teardown(by_an_administrator, set_up, v41_tear_down),
        cmocka_unit_test_setup_teardown(in_between, set_up, v41_tear_down),
    };

    return test_group_run(tests);
}
