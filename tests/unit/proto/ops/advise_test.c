/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IO_ADVISE and WRITE_SAME, when the stateid has been revoked or is old, and when the backend
 * fails.  The backend is mem, of which one call fails on demand.
 */
#include <string.h>

#include "base/check.h"
#include "lib/test.h"
#include "lib/vfs_status_name.h"
#include "unit/proto/v41/v41_fixture.h"
#include "wire/op_table.h"

static const struct vfs_ops *real;
static struct vfs_ops faulty;
static enum vfs_status fault_status; /* of the next call that can fail; VFS_OK: none */
static uint32_t fault_after;         /* so many go well before */

static enum vfs_status fault(void)
{
    enum vfs_status status = fault_status;

    if (status == VFS_OK)
        return VFS_OK;
    if (fault_after > 0) {
        fault_after--;
        return VFS_OK;
    }
    fault_status = VFS_OK;
    return status;
}

static enum vfs_status fault_write(struct vfs_object *obj, const struct vfs_cred *cred,
                                   uint64_t offset, const void *data, uint32_t len,
                                   enum vfs_stability want, uint32_t *written,
                                   enum vfs_stability *reached)
{
    enum vfs_status status = fault();

    if (status != VFS_OK)
        return status;
    return real->write(obj, cred, offset, data, len, want, written, reached);
}

static enum vfs_status fault_commit(struct vfs_object *obj, const struct vfs_cred *cred,
                                    uint64_t offset, uint64_t len)
{
    enum vfs_status status = fault();

    return status == VFS_OK ? real->commit(obj, cred, offset, len) : status;
}

static enum vfs_status fault_advise(struct vfs_object *obj, uint64_t offset, uint64_t length,
                                    uint32_t advice, uint32_t *taken)
{
    enum vfs_status status = fault();

    return status == VFS_OK ? real->advise(obj, offset, length, advice, taken) : status;
}

static void make_faulty(struct vfs *fs)
{
    real = fs->ops;
    faulty = *real;
    faulty.write = fault_write;
    faulty.commit = fault_commit;
    faulty.advise = fault_advise;
    fs->ops = &faulty;
}

static struct v41_call call;
static struct v41_session session;
static struct stateid4 open;

static struct wire_opaque text(const char *string)
{
    return (struct wire_opaque){(const uint8_t *)string, (uint32_t)strlen(string)};
}

static void begin_at(const char *name)
{
    v41_begin_in(&call, &session, false);
    v41_op(&call, OP_PUTROOTFH);
    if (name)
        v41_op_lookup(&call, name);
}

static struct stateid4 open_file(void)
{
    const struct nfs_resop4 *result;

    begin_at(NULL);
    v41_put(&call,
            &(struct nfs_argop4){
                .argop = OP_OPEN,
                .opopen = {.share_access = OPEN4_SHARE_ACCESS_BOTH,
                           .owner = {.owner = text("owner")},
                           .openhow = {.opentype = OPEN4_CREATE, .how = {.mode = UNCHECKED4}},
                           .claim = {.claim = CLAIM_NULL, .file = text("file")}}});
    result = v41_last(&call);
    assert_int_equal(result->status, NFS4_OK);
    return result->opopen.stateid;
}

static int set_up(void **unused)
{
    fault_status = VFS_OK;
    v41_minor = 2;
    v41_backend_made = make_faulty;
    v41_set_up(unused);
    v41_session_make(v41_fd, "client", NULL, &session);
    v41_begin_in(&call, &session, false);
    v41_put_last(&call, &(struct nfs_argop4){.argop = OP_RECLAIM_COMPLETE}, NFS4_OK);
    open = open_file();
    return 0;
}

static int tear_down(void **unused)
{
    v41_backend_made = NULL;
    v41_minor = 1;
    return v41_tear_down(unused);
}

static const struct nfs_resop4 *write_same(enum stable_how4 stable)
{
    begin_at("file");
    v41_put(&call,
            &(struct nfs_argop4){.argop = OP_WRITE_SAME,
                                 .opwrite_same = {.wsa_stateid = open,
                                                  .wsa_stable = stable,
                                                  .wsa_adb = {.adb_block_size = 50000,
                                                              .adb_block_count = 4,
                                                              .adb_reloff_blocknum = UINT64_MAX,
                                                              .adb_reloff_pattern = UINT64_MAX}}});
    return v41_last(&call);
}

static const struct nfs_resop4 *advise(void)
{
    struct bitmap4 hints = {.count = 0};

    bitmap4_set(&hints, IO_ADVISE4_WILLNEED);
    begin_at("file");
    v41_put(&call, &(struct nfs_argop4){.argop = OP_IO_ADVISE,
                                        .opio_advise = {.iaa_stateid = open, .iaa_hints = hints}});
    return v41_last(&call);
}

static void both_say(enum nfsstat4 status)
{
    assert_int_equal(write_same(UNSTABLE4)->status, status);
    assert_int_equal(advise()->status, status);
}

static void lease_over(void **unused)
{
    (void)unused;
    both_say(NFS4_OK);
    v41_revoke(session.clientid, NFS4ERR_EXPIRED, 1);
    both_say(NFS4ERR_EXPIRED);
}

static void by_an_administrator(void **unused)
{
    (void)unused;
    v41_revoke(session.clientid, NFS4ERR_ADMIN_REVOKED, 1);
    both_say(NFS4ERR_ADMIN_REVOKED);
}

static void an_older_one(void **unused)
{
    (void)unused;
    (void)open_file();
    both_say(NFS4ERR_OLD_STATEID);
}

/* What any call may say, and then what only one that writes may. */
static void backend_fails(void **unused)
{
    static const enum vfs_status writing[] = {VFS_IO,    VFS_STALE, VFS_DELAY, VFS_SERVERFAULT,
                                              VFS_NOSPC, VFS_DQUOT, VFS_FBIG,  VFS_ROFS};
    const size_t of_any_call = 4;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(writing); i++) {
        print_message("%s\n", vfs_status_name(writing[i]));
        fault_after = 0;
        fault_status = writing[i];
        assert_int_equal(write_same(UNSTABLE4)->status, status_from_vfs(writing[i]));
        if (i >= of_any_call)
            continue;
        fault_status = writing[i];
        assert_int_equal(advise()->status, status_from_vfs(writing[i]));
    }
}

/* What was stored before the failure counts, unless it could not be made safe. */
static void halfway(void **unused)
{
    const struct nfs_resop4 *result;

    (void)unused;
    fault_after = 2;
    fault_status = VFS_NOSPC;
    result = write_same(UNSTABLE4);
    assert_int_equal(result->status, NFS4_OK);
    assert_int_equal(result->opwrite_same.wr_count, 2 << 16);
    fault_after = 4;
    fault_status = VFS_IO;
    assert_int_equal(write_same(FILE_SYNC4)->status, NFS4ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lease_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(by_an_administrator, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_older_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(backend_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(halfway, set_up, tear_down),
    };

    return test_group_run(tests);
}
