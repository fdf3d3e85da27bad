/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A holder that does not return a recalled delegation loses it after a lease, and is told so (RFC
 * 8881 §10.4.5, §10.4.6; RFC 7530 §10.4.5, §10.4.6).
 */
#include "holder.h"

static struct holder holder;
static struct client_fh dir;
static struct client_file file;
static struct stateid4 lost;

static int start(void **state)
{
    static const char *const options[] = {"--lease", "1", "--export", "/mem=mem:,no_root_squash",
                                          NULL};

    (void)state;
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

static void speak(struct client_mount *mount)
{
    if (mount->v40) {
        begin_bare(mount, 0);
        client_compound_add(
            C, &(struct nfs_argop4){.argop = OP_RENEW, .oprenew = {client_mount_clientid(mount)}});
        assert_int_equal(client_compound_call(&mount->conn, C, R), CLIENT_OK);
        return;
    }
    begin(mount, NULL);
    run_on(&mount->conn, NFS4_OK);
}

/* bob retries, and the holder does other things meanwhile. */
static struct client_file lose(const char *name)
{
    const int64_t end_ms = wait_now_ms() + WAIT_PATIENCE_MS;
    struct client_file other;
    enum nfsstat4 status;

    dir = script_dir(script_mem);
    file = holder_delegated(&holder, &dir, name, OPEN_DELEGATE_READ);
    lost = *client_file_delegation(&file);
    while ((status = conflict_open(&bob, &dir, name, &other)) == NFS4ERR_DELAY) {
        assert_true(wait_now_ms() < end_ms);
        (void)holder_pump(&holder, 10);
        speak(&holder.mount);
    }
    expect_status(status, NFS4_OK);
    return other;
}

static enum nfsstat4 tested(void)
{
    begin(&holder.mount, NULL);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_TEST_STATEID,
                                .optest_stateid = {.ts_stateids = &lost, .ts_stateids_count = 1}});
    run_on(&holder.mount.conn, NFS4_OK);
    return result(OP_TEST_STATEID)->optest_stateid.tsr_status_codes[0];
}

static uint32_t flags(void)
{
    begin(&holder.mount, NULL);
    run_on(&holder.mount.conn, NFS4_OK);
    return result(OP_SEQUENCE)->opsequence.sr_status_flags & SEQ4_STATUS_RECALLABLE_STATE_REVOKED;
}

static void return_is(enum nfsstat4 status)
{
    begin(&holder.mount, &file.fh);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_DELEGRETURN, .opdelegreturn = {lost}});
    run_on(&holder.mount.conn, status);
}

static void use_is(enum nfsstat4 status)
{
    for (int i = 0; i < 3; i++) {
        begin(&holder.mount, &file.fh);
        if (i == 0)
            client_op_read(C, &lost, 0, 1);
        else if (i == 1)
            client_op_write(C, &lost, 0, UNSTABLE4, "x", 1);
        else
            client_op_setattr(C, &lost, CLIENT_BITS(FATTR4_SIZE), &(struct nfs4_attrs){.size = 1});
        run_on(&holder.mount.conn, status);
    }
}

static void claim_is(enum nfsstat4 status)
{
    struct nfs_argop4 claim = {
        .argop = OP_OPEN,
        .opopen = {.share_access = OPEN4_SHARE_ACCESS_READ,
                   .claim = {.claim = CLAIM_DELEGATE_CUR,
                             .delegate_cur_info = {lost, client_text("lost")}}}};

    begin(&holder.mount, &dir);
    script_op_as(&holder.mount, "claims", &claim);
    run_on(&holder.mount.conn, status);
}

static void heard_and_acknowledged(void **state)
{
    struct nfs_argop4 release = {.argop = OP_FREE_STATEID};
    struct client_file other;

    (void)state;
    holder_open(&holder, 1);
    other = lose("lost");
    assert_true(flags() != 0);
    use_is(NFS4ERR_DELEG_REVOKED);
    claim_is(NFS4ERR_DELEG_REVOKED);
    return_is(NFS4ERR_DELEG_REVOKED);
    expect_status(tested(), NFS4ERR_DELEG_REVOKED);
    /* The open that brought the delegation stays. */
    script_read_is(&holder.mount, &file, NFS4_OK);
    release.opfree_stateid.fsa_stateid = lost;
    begin(&holder.mount, NULL);
    client_compound_add(C, &release);
    run_on(&holder.mount.conn, NFS4_OK);
    assert_true(flags() == 0);
    expect_status(tested(), NFS4ERR_BAD_STATEID);
    return_is(NFS4ERR_BAD_STATEID);
    expect_status(client_file_close(&bob, &other), NFS4_OK);
    holder_close(&holder);
}

static void forget(void)
{
    begin(&holder.mount, NULL);
    client_compound_add(C,
                        &(struct nfs_argop4){.argop = OP_FREE_STATEID, .opfree_stateid = {lost}});
    run_on(&holder.mount.conn, NFS4_OK);
}

/* The same in minor version 2. */
static void by_a_clone(void **state)
{
    struct nfs_argop4 op = {.argop = OP_CLONE};
    struct client_file other;

    (void)state;
    holder_open(&holder, 2);
    other = lose("lost");
    for (int i = 0; i < 2; i++) {
        op.opclone = (struct CLONE4args){.cl_src_stateid = i == 0 ? lost : file.stateid,
                                         .cl_dst_stateid = i == 0 ? file.stateid : lost};
        begin_two(&holder.mount, &file.fh, &file.fh);
        client_compound_add(C, &op);
        run_on(&holder.mount.conn, NFS4ERR_DELEG_REVOKED);
    }
    forget();
    expect_status(client_file_close(&bob, &other), NFS4_OK);
    holder_close(&holder);
}

static void by_a_copy(void **state)
{
    struct nfs_argop4 op = {.argop = OP_COPY};
    struct client_file other, second;

    (void)state;
    holder_open(&holder, 2);
    other = lose("lost");
    second = make_open(&bob, &dir, "second");
    for (int i = 0; i < 2; i++) {
        op.opcopy = (struct COPY4args){.ca_src_stateid = i == 0 ? lost : client_stateid_anonymous,
                                       .ca_dst_stateid = i == 0 ? client_stateid_anonymous : lost};
        begin_two(&holder.mount, i == 0 ? &file.fh : &second.fh, i == 0 ? &second.fh : &file.fh);
        client_compound_add(C, &op);
        run_on(&holder.mount.conn, NFS4ERR_DELEG_REVOKED);
    }
    forget();
    expect_status(client_file_close(&bob, &second), NFS4_OK);
    expect_status(client_file_close(&bob, &other), NFS4_OK);
    holder_close(&holder);
}

static void for_space(void **state)
{
    struct client_file other;

    (void)state;
    holder_open(&holder, 2);
    other = lose("lost");
    for (int i = 0; i < 4; i++) {
        begin(&holder.mount, &file.fh);
        if (i == 0)
            client_op_allocate(C, &lost, 0, 1);
        else if (i == 1)
            client_op_deallocate(C, &lost, 0, 1);
        else if (i == 2)
            client_op_seek(C, &lost, 0, NFS4_CONTENT_DATA);
        else
            client_op_read_plus(C, &lost, 0, 1);
        run_on(&holder.mount.conn, NFS4ERR_DELEG_REVOKED);
    }
    forget();
    expect_status(client_file_close(&bob, &other), NFS4_OK);
    holder_close(&holder);
}

static enum nfsstat4 make(const char *name)
{
    begin(&bob, &dir);
    client_op_create(C, name, NF4DIR, NULL, 0755);
    assert_int_equal(client_compound_call(&bob.conn, C, R), CLIENT_OK);
    return R->status;
}

/* W12: the change waits for the return, at most a lease. */
static void of_a_directory(void **state)
{
    const int64_t end_ms = wait_now_ms() + WAIT_PATIENCE_MS;
    enum nfsstat4 status;

    (void)state;
    holder_open(&holder, 1);
    file.fh = dir = script_dir(script_mem);
    lost = holder_delegated_dir(&holder, &dir);
    while ((status = make("made")) == NFS4ERR_DELAY) {
        assert_true(wait_now_ms() < end_ms);
        (void)holder_pump(&holder, 10);
        speak(&holder.mount);
    }
    expect_status(status, NFS4_OK);
    assert_true(flags() != 0);
    return_is(NFS4ERR_DELEG_REVOKED);
    expect_status(tested(), NFS4ERR_DELEG_REVOKED);
    forget();
    assert_true(flags() == 0);
    holder_close(&holder);
}

/* A silent holder keeps it until another client changes the directory. */
static void of_a_silent_holder(void **state)
{
    struct client_fh other;

    (void)state;
    holder_open(&holder, 1);
    other = script_dir(script_mem);
    file.fh = dir = script_dir(script_mem);
    lost = holder_delegated_dir(&holder, &dir);
    script_outlast_leases(&bob, &other);
    expect_status(tested(), NFS4_OK);
    script_outlast_leases(&bob, &other);
    expect_status(make("made"), NFS4_OK);
    expect_status(tested(), NFS4ERR_EXPIRED);
    return_is(NFS4ERR_EXPIRED);
    holder_drop(&holder);
}

/* A holder whose lease has expired loses it at once. */
static void silent(void **state)
{
    struct client_file other;

    (void)state;
    holder_open(&holder, 1);
    dir = script_dir(script_mem);
    file = holder_delegated(&holder, &dir, "lost", OPEN_DELEGATE_READ);
    lost = *client_file_delegation(&file);
    script_outlast_leases(&bob, &dir);
    expect_status(conflict_insist(&bob, &dir, "lost", NULL, &other), NFS4_OK);
    use_is(NFS4ERR_EXPIRED);
    claim_is(NFS4ERR_EXPIRED);
    return_is(NFS4ERR_EXPIRED);
    expect_status(tested(), NFS4ERR_EXPIRED);
    expect_status(client_file_close(&bob, &other), NFS4_OK);
    holder_drop(&holder);
}

/* IO_ADVISE and WRITE_SAME, which minor version 2 has. */
static void by_hints_and_blocks(void **state)
{
    struct nfs_argop4 hint = {.argop = OP_IO_ADVISE};
    struct nfs_argop4 blocks = {
        .argop = OP_WRITE_SAME,
        .opwrite_same = {.wsa_adb = {.adb_block_size = 1,
                                     .adb_block_count = 1,
                                     .adb_reloff_blocknum = NFS4_UINT64_MAX,
                                     .adb_reloff_pattern = NFS4_UINT64_MAX}}};
    struct client_file other;

    (void)state;
    holder_open(&holder, 2);
    other = lose("lost");
    hint.opio_advise.iaa_stateid = blocks.opwrite_same.wsa_stateid = lost;
    begin(&holder.mount, &file.fh);
    client_compound_add(C, &hint);
    run_on(&holder.mount.conn, NFS4ERR_DELEG_REVOKED);
    begin(&holder.mount, &file.fh);
    client_compound_add(C, &blocks);
    run_on(&holder.mount.conn, NFS4ERR_DELEG_REVOKED);
    forget();
    expect_status(client_file_close(&bob, &other), NFS4_OK);
    holder_close(&holder);
}

/* Minor version 0 has no error of its own for it, only that of an expired lease. */
static void heard_in_v40(void **state)
{
    struct client_file other;

    (void)state;
    holder_open(&holder, 0);
    other = lose("lost");
    claim_is(NFS4ERR_EXPIRED);
    return_is(NFS4ERR_EXPIRED);
    expect_status(client_file_close(&bob, &other), NFS4_OK);
    holder_drop(&holder);
}

int main(void)
{
    const struct CMUnitTest short_lease[] = {
        cmocka_unit_test(heard_and_acknowledged),
        cmocka_unit_test(by_a_clone),
        cmocka_unit_test(by_a_copy),
        cmocka_unit_test(for_space),
        cmocka_unit_test(silent),
        cmocka_unit_test(of_a_directory),
        cmocka_unit_test(of_a_silent_holder),
        cmocka_unit_test(by_hints_and_blocks),
    };
    const struct CMUnitTest short_lease_v40[] = {
        cmocka_unit_test(heard_in_v40),
    };

    if (script_minor != 0)
        return test_group_run_fixtures(short_lease, start, script_teardown);
    return test_group_run_fixtures(short_lease_v40, start, script_teardown);
}
