/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stranger requests what it may not do with a delegated file. The request is refused before the
 * delegation is recalled: otherwise any client that can reach a file could take away its
 * delegations. A permitted request does recall them.
 */
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "protocol/holder.h"
#include "protocol/set_range.h"

static struct holder holder;
static struct client_fh dir, own; /* the holder's, mode 0755; the stranger's */
static struct client_file file;   /* of mode 0644, delegated for reading */

static int group_setup(void **state)
{
    assert_true(test_server_init(&script_server));
    if (script_setup_default(state) != 0)
        return -1;
    set_setting("nfs.local_delegations", 2);
    set_setting("nfs.recall_park_ms", 0);
    return 0;
}

static void set_mode(const struct client_fh *fh, uint32_t mode)
{
    expect_status(client_file_setattr(&alice, fh, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = mode}),
                  NFS4_OK);
}

static int setup(void **state)
{
    if (*state == script_local && geteuid() != 0)
        return 0; /* skipped */
    dir = script_dir(*state);
    own = script_dir(*state);
    set_mode(&dir, 0755);
    holder_open(&holder, script_minor);
    file.fh = make_file(&alice, &dir, "file");
    set_mode(&file.fh, 0644);
    file = holder_delegated(&holder, &dir, "file", OPEN_DELEGATE_READ);
    bob.conn.cred = script_stranger();
    return 0;
}

static int teardown(void **state)
{
    bob.conn.cred = script_cred();
    if (*state == script_local && geteuid() != 0)
        return 0;
    holder_finish(&holder, &file);
    holder_close(&holder);
    return 0;
}

static void need_identities(void **state)
{
    if (*state == script_local && geteuid() != 0)
        test_skip(TEST_NEEDS_CALLERS);
}

/* In bob's compound, as the stranger. */
static void refused(enum nfsstat4 status)
{
    run(status);
    /* A recall sent earlier would have arrived before this reply to the holder. */
    begin(&holder.mount, &file.fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_SIZE));
    run(NFS4_OK);
    while (holder_pump(&holder, 0)) {
    }
    assert_int_equal(holder_recalls(&holder, &file), 0);
}

static void op_setattr(uint32_t bit, const struct nfs4_attrs *attrs)
{
    begin(&bob, &file.fh);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(bit), attrs);
}

/* Elsewhere, as in many containers, only the kernel knows what it will refuse: that recalls first.
 */
static bool disk_is_plain(void)
{
    static const long types[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, TMPFS_MAGIC};
    struct statfs st;

    assert_int_equal(statfs(script_server.data, &st), 0);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (st.f_type == types[i])
            return true;
    }
    return false;
}

static void setattr(void **state)
{
    need_identities(state);
    if (*state == script_local && !disk_is_plain())
        test_skip("/tmp is neither ext4, XFS, Btrfs nor tmpfs: it may have rules of its own");
    op_setattr(FATTR4_MODE, &(struct nfs4_attrs){.mode = 0666});
    refused(NFS4ERR_PERM);
    op_setattr(FATTR4_SIZE, &(struct nfs4_attrs){.size = 0});
    refused(NFS4ERR_ACCESS);
    op_setattr(FATTR4_TIME_MODIFY_SET,
               &(struct nfs4_attrs){.time_modify_set = {.set_it = SET_TO_CLIENT_TIME4}});
    refused(NFS4ERR_PERM);
    begin(&bob, &file.fh);
    client_op_setattr(C, &client_stateid_anonymous,
                      CLIENT_BITS(FATTR4_TIME_ACCESS_SET, FATTR4_TIME_MODIFY_SET),
                      &(struct nfs4_attrs){0}); /* the server's time */
    refused(NFS4ERR_ACCESS);
}

static void names(void **state)
{
    need_identities(state);
    begin(&bob, &dir);
    client_op_remove(C, "file");
    refused(NFS4ERR_ACCESS);
    begin_two(&bob, &dir, &own);
    client_op_rename(C, "file", "mine");
    refused(NFS4ERR_ACCESS);
    begin_two(&bob, &file.fh, &dir);
    client_op_link(C, "more");
    refused(NFS4ERR_ACCESS);
}

/* A directory in which all users may create files, but only owners may remove them. */
static void names_in_a_sticky_directory(void **state)
{
    need_identities(state);
    set_mode(&dir, 01777);
    expect_status(client_file_mkdir(&bob, &dir, "mine", &own), NFS4_OK);
    begin(&bob, &dir);
    client_op_remove(C, "file");
    refused(NFS4ERR_ACCESS);
    begin_two(&bob, &dir, &dir);
    client_op_rename(C, "file", "other");
    refused(NFS4ERR_ACCESS);
}

static void op_open(uint32_t access, bool truncate)
{
    static const uint8_t zero[8];
    struct nfs_argop4 op = {
        .argop = OP_OPEN,
        .opopen = {.share_access = access,
                   .claim = {.claim = CLAIM_NULL, .file = client_text("file")}}};

    if (truncate) {
        op.opopen.openhow.opentype = OPEN4_CREATE;
        op.opopen.openhow.how.mode = UNCHECKED4;
        op.opopen.openhow.how.createattrs =
            (struct fattr4){.attrmask = CLIENT_BITS(FATTR4_SIZE), .attr_vals = {zero, 8}};
    }
    begin(&bob, &dir);
    script_op_as(&bob, "stranger", &op);
}

/* The last OPEN only reads, but truncates. */
static void opens(void **state)
{
    need_identities(state);
    op_open(OPEN4_SHARE_ACCESS_WRITE, false);
    refused(NFS4ERR_ACCESS);
    op_open(OPEN4_SHARE_ACCESS_BOTH, true);
    refused(NFS4ERR_ACCESS);
    op_open(OPEN4_SHARE_ACCESS_READ, true);
    refused(NFS4ERR_ACCESS);
}

static void writes(void **state)
{
    need_identities(state);
    begin(&bob, &file.fh);
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, "x", 1);
    refused(NFS4ERR_ACCESS);
}

/* Shows that the tests above would notice a recall. */
static void permitted_operations_recall(void **state)
{
    need_identities(state);
    bob.conn.cred = script_cred();
    op_setattr(FATTR4_MODE, &(struct nfs4_attrs){.mode = 0600});
    run(NFS4ERR_DELAY);
    (void)holder_wait_recall(&holder, &file);
}

#define ON_BACKENDS(test)                                                                          \
    {#test " on mem", test, setup, teardown, script_mem},                                          \
    {                                                                                              \
#test " on local", test, setup, teardown, script_local                                     \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BACKENDS(setattr), ON_BACKENDS(names),  ON_BACKENDS(names_in_a_sticky_directory),
        ON_BACKENDS(opens),   ON_BACKENDS(writes), ON_BACKENDS(permitted_operations_recall),
    };

    return test_group_run_fixtures(tests, group_setup, script_teardown);
}
