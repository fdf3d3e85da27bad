/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a holder uses its delegation: OPEN by it, also while it is recalled (RFC 8881 §10.4.4,
 * §18.16.3), READ, WRITE and SETATTR by its stateid, and DELEGRETURN; and what no client can do
 * with it. L-12.
 */
#include <string.h>
#include <unistd.h>

#include "holder.h"

static struct holder holder;
static struct client_fh dir;

static int setup(void **state)
{
    if (!*state)
        *state = script_mem;
    dir = script_dir(*state);
    holder_open(&holder, script_minor);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    holder_close(&holder);
    return 0;
}

static struct stateid4 changed(const struct stateid4 *stateid)
{
    struct stateid4 other = *stateid;

    other.other[NFS4_OTHER_SIZE - 1] ^= 1;
    return other;
}

static struct stateid4 numbered(const struct stateid4 *stateid, uint32_t seqid)
{
    struct stateid4 other = *stateid;

    other.seqid = seqid;
    return other;
}

static struct stateid4 held(const struct client_file *file)
{
    return *client_file_delegation(file);
}

/* OPEN by a delegation: of `name`, or of the current file if `name` is NULL. */
static void op_claim(struct client_mount *by, const char *name, const struct stateid4 *stateid,
                     uint32_t access)
{
    struct nfs_argop4 op = {.argop = OP_OPEN, .opopen = {.share_access = access}};

    if (name) {
        op.opopen.claim.claim = CLAIM_DELEGATE_CUR;
        op.opopen.claim.delegate_cur_info.delegate_stateid = *stateid;
        op.opopen.claim.delegate_cur_info.file = client_text(name);
    } else {
        op.opopen.claim.claim = CLAIM_DELEG_CUR_FH;
        op.opopen.claim.oc_delegate_stateid = *stateid;
    }
    script_op_as(by, "claims", &op);
}

static void claim_is(struct client_mount *by, const char *name, const struct stateid4 *stateid,
                     uint32_t access, enum nfsstat4 status)
{
    begin(by, &dir);
    op_claim(by, name, stateid, access);
    run_on(&by->conn, status);
}

static void claim_fh_is(struct client_mount *by, const struct client_fh *fh,
                        const struct stateid4 *stateid, uint32_t access, enum nfsstat4 status)
{
    begin(by, fh);
    op_claim(by, NULL, stateid, access);
    run_on(&by->conn, status);
}

static void return_is(struct client_mount *by, const struct client_fh *fh,
                      const struct stateid4 *stateid, enum nfsstat4 status)
{
    begin(by, fh);
    client_compound_add(C,
                        &(struct nfs_argop4){.argop = OP_DELEGRETURN, .opdelegreturn = {*stateid}});
    run_on(&by->conn, status);
}

static struct client_file claimed(const struct client_file *file)
{
    struct client_file open = {.fh = file->fh, .stateid = result(OP_OPEN)->opopen.stateid};

    open.owner = client_mount_owner(&holder.mount, "claims");
    open.open = result(OP_OPEN)->opopen;
    return open;
}

/* ---- OPEN ---- */

/* During a recall the client establishes its own opens at the server, and writes its data. */
static void claimed_while_recalled(void **state)
{
    struct client_file file = holder_delegated(&holder, &dir, "recalled", OPEN_DELEGATE_WRITE);
    struct client_file by_name, by_fh, other;
    uint32_t written;

    (void)state;
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    expect_status(conflict_open(&bob, &dir, "recalled", &other), NFS4ERR_DELAY);
    holder_wait_recall(&holder, &file);
    claim_is(&holder.mount, "recalled", client_file_delegation(&file), OPEN4_SHARE_ACCESS_BOTH,
             NFS4_OK);
    by_name = claimed(&file);
    assert_int_equal(by_name.open.delegation.delegation_type, OPEN_DELEGATE_NONE);
    assert_false(by_name.open.rflags & OPEN4_RESULT_MAY_NOTIFY_LOCK);
    claim_fh_is(&holder.mount, &file.fh, client_file_delegation(&file), OPEN4_SHARE_ACCESS_READ,
                NFS4_OK);
    by_fh = claimed(&file);
    assert_memory_equal(by_fh.stateid.other, by_name.stateid.other, NFS4_OTHER_SIZE);
    expect_status(client_file_write(&holder.mount, &by_fh, 0, FILE_SYNC4, "dirty", 5, &written),
                  NFS4_OK);
    expect_status(conflict_open(&bob, &dir, "recalled", &other), NFS4ERR_DELAY);
    holder_return(&holder, &file);
    expect_status(conflict_open(&bob, &dir, "recalled", &other), NFS4_OK);
    assert_int_equal(attrs_of(&bob, &other.fh, CLIENT_BITS(FATTR4_SIZE)).size, 5);
    script_read_is(&bob, &other, NFS4_OK);
    script_read_is(&holder.mount, &by_fh, NFS4_OK);
    expect_status(client_file_close(&bob, &other), NFS4_OK);
}

/* L-12: the locks are established with it, and conflict with others' at once. */
static void locks_come_with_it(void **state)
{
    struct client_file file = holder_delegated(&holder, &dir, "locked", OPEN_DELEGATE_WRITE), other;

    (void)state;
    expect_status(conflict_open(&bob, &dir, "locked", &other), NFS4ERR_DELAY);
    holder_wait_recall(&holder, &file);
    begin(&holder.mount, &file.fh);
    script_op_lock_new(&holder.mount, &file, "locker", WRITE_LT, 0, 10);
    run_on(&holder.mount.conn, NFS4_OK);
    holder_return(&holder, &file);
    expect_status(conflict_open(&bob, &dir, "locked", &other), NFS4_OK);
    begin(&bob, &other.fh);
    script_op_lock_new(&bob, &other, "other locker", WRITE_LT, 5, 1);
    run_on(&bob.conn, NFS4ERR_DENIED);
    assert_int_equal(result(OP_LOCK)->denied.offset, 0);
    assert_int_equal(result(OP_LOCK)->denied.length, 10);
    expect_status(client_file_close(&bob, &other), NFS4_OK);
}

static void wrong_claims(void **state)
{
    struct client_file file = holder_delegated(&holder, &dir, "read", OPEN_DELEGATE_READ);
    struct client_file more = holder_delegated(&holder, &dir, "more", OPEN_DELEGATE_WRITE);
    struct stateid4 mine = held(&file), bad = changed(&mine), of_more = held(&more);

    (void)state;
    claim_is(&holder.mount, "read", &bad, OPEN4_SHARE_ACCESS_READ, NFS4ERR_BAD_STATEID);
    claim_is(&holder.mount, "read", &of_more, OPEN4_SHARE_ACCESS_READ, NFS4ERR_BAD_STATEID);
    claim_is(&holder.mount, "read", &file.stateid, OPEN4_SHARE_ACCESS_READ, NFS4ERR_BAD_STATEID);
    claim_is(&holder.mount, "read", &client_stateid_anonymous, OPEN4_SHARE_ACCESS_READ,
             NFS4ERR_BAD_STATEID);
    claim_is(&bob, "read", &mine, OPEN4_SHARE_ACCESS_READ, NFS4ERR_BAD_STATEID);
    claim_is(&holder.mount, "read", &mine, OPEN4_SHARE_ACCESS_BOTH, NFS4ERR_BAD_STATEID);
    claim_is(&holder.mount, "nobody", &mine, OPEN4_SHARE_ACCESS_READ, NFS4ERR_NOENT);
    bad = numbered(&mine, mine.seqid + 1);
    claim_is(&holder.mount, "read", &bad, OPEN4_SHARE_ACCESS_READ, NFS4ERR_BAD_STATEID);
    claim_is(&holder.mount, "read", &mine, OPEN4_SHARE_ACCESS_READ, NFS4_OK);
    if (script_minor != 0) {
        claim_fh_is(&holder.mount, &more.fh, &mine, OPEN4_SHARE_ACCESS_READ, NFS4ERR_BAD_STATEID);
        claim_fh_is(&holder.mount, &dir, &mine, OPEN4_SHARE_ACCESS_READ, NFS4ERR_BAD_STATEID);
    }
    holder_return(&holder, &file);
    claim_is(&holder.mount, "read", &mine, OPEN4_SHARE_ACCESS_READ, NFS4ERR_BAD_STATEID);
    holder_return(&holder, &more);
}

/* Delegations end with their client. */
static void no_former_life(void **state)
{
    struct client_fh fh = make_file(&holder.mount, &dir, "former");
    struct nfs_argop4 op = {.argop = OP_OPEN,
                            .opopen = {.share_access = OPEN4_SHARE_ACCESS_READ,
                                       .claim = {.claim = CLAIM_DELEGATE_PREV,
                                                 .file_delegate_prev = client_text("former")}}};

    (void)state;
    begin(&holder.mount, &dir);
    script_op_as(&holder.mount, "claims", &op);
    run_on(&holder.mount.conn, NFS4ERR_NOTSUPP);
    if (script_minor != 0) {
        op.opopen.claim = (struct open_claim4){.claim = CLAIM_DELEG_PREV_FH};
        begin(&holder.mount, &fh);
        script_op_as(&holder.mount, "claims", &op);
        run_on(&holder.mount.conn, NFS4ERR_NOTSUPP);
    }
    begin(&holder.mount, NULL);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_DELEGPURGE,
                                .opdelegpurge = {client_mount_clientid(&holder.mount)}});
    run_on(&holder.mount.conn, NFS4ERR_NOTSUPP);
}

/* RFC 8881 §18.16.3: OPEN4_CREATE is allowed with CLAIM_DELEGATE_CUR, and finds the existing
 * file. */
static void claims_that_create(void **state)
{
    static const uint8_t zero[8];
    struct client_file file = holder_delegated(&holder, &dir, "created", OPEN_DELEGATE_WRITE);
    struct nfs_argop4 op = {
        .argop = OP_OPEN,
        .opopen = {.share_access = OPEN4_SHARE_ACCESS_BOTH,
                   .openhow = {.opentype = OPEN4_CREATE, .how = {.mode = GUARDED4}},
                   .claim = {.claim = CLAIM_DELEGATE_CUR,
                             .delegate_cur_info = {held(&file), client_text("created")}}}};
    uint32_t written;

    (void)state;
    expect_status(client_file_write(&holder.mount, &file, 0, FILE_SYNC4, "abc", 3, &written),
                  NFS4_OK);
    begin(&holder.mount, &dir);
    script_op_as(&holder.mount, "claims", &op);
    run_on(&holder.mount.conn, NFS4ERR_EXIST);
    op.opopen.openhow.how.mode = UNCHECKED4;
    begin(&holder.mount, &dir);
    script_op_as(&holder.mount, "claims", &op);
    run_on(&holder.mount.conn, NFS4_OK);
    op.opopen.openhow.how.createattrs =
        (struct fattr4){.attrmask = CLIENT_BITS(FATTR4_SIZE), .attr_vals = {zero, 8}};
    begin(&holder.mount, &dir);
    script_op_as(&holder.mount, "claims", &op);
    client_op_getattr(C, CLIENT_BITS(FATTR4_SIZE));
    run_on(&holder.mount.conn, NFS4_OK);
    assert_int_equal(attrs_of(&holder.mount, &file.fh, CLIENT_BITS(FATTR4_SIZE)).size, 0);
    if (script_minor != 0) {
        op.opopen.claim.claim = CLAIM_DELEG_CUR_FH;
        op.opopen.claim.oc_delegate_stateid = held(&file);
        begin(&holder.mount, &file.fh);
        script_op_as(&holder.mount, "claims", &op);
        run_on(&holder.mount.conn, NFS4ERR_INVAL);
    }
    assert_int_equal(holder.callbacks->count, 0);
    holder_return(&holder, &file);
}

/* ---- READ, WRITE, SETATTR ---- */

static void write_is(const struct client_fh *fh, const struct stateid4 *stateid,
                     enum nfsstat4 status)
{
    begin(&holder.mount, fh);
    client_op_write(C, stateid, 0, UNSTABLE4, "data", 4);
    run_on(&holder.mount.conn, status);
}

static void read_is(const struct client_fh *fh, const struct stateid4 *stateid,
                    enum nfsstat4 status)
{
    begin(&holder.mount, fh);
    client_op_read(C, stateid, 0, 4);
    run_on(&holder.mount.conn, status);
}

static void truncate_is(const struct client_fh *fh, const struct stateid4 *stateid,
                        enum nfsstat4 status)
{
    begin(&holder.mount, fh);
    client_op_setattr(C, stateid, CLIENT_BITS(FATTR4_SIZE), &(struct nfs4_attrs){.size = 2});
    run_on(&holder.mount.conn, status);
}

/* Also after the open that it was granted with is closed. */
static void io_by_its_stateid(void **state)
{
    struct client_file read = holder_delegated(&holder, &dir, "to read", OPEN_DELEGATE_READ);
    struct client_file write = holder_delegated(&holder, &dir, "to write", OPEN_DELEGATE_WRITE);
    struct stateid4 reads = held(&read), writes = held(&write), bad;

    (void)state;
    expect_status(client_file_close(&holder.mount, &read), NFS4_OK);
    expect_status(client_file_close(&holder.mount, &write), NFS4_OK);
    read_is(&read.fh, &reads, NFS4_OK);
    write_is(&read.fh, &reads, NFS4ERR_OPENMODE);
    truncate_is(&read.fh, &reads, NFS4ERR_OPENMODE);
    write_is(&write.fh, &writes, NFS4_OK);
    read_is(&write.fh, &writes, NFS4_OK);
    assert_int_equal(result(OP_READ)->opread.data.len, 4);
    truncate_is(&write.fh, &writes, NFS4_OK);
    read_is(&read.fh, &writes, NFS4ERR_BAD_STATEID);
    bad = numbered(&reads, reads.seqid + 1);
    read_is(&read.fh, &bad, NFS4ERR_BAD_STATEID);
    bad = changed(&reads);
    read_is(&read.fh, &bad, NFS4ERR_BAD_STATEID);
    if (script_minor != 0) { /* there the stateid identifies the client */
        begin(&bob, &read.fh);
        client_op_read(C, &reads, 0, 4);
        run_on(&bob.conn, NFS4ERR_BAD_STATEID);
    }
    holder_return(&holder, &read);
    holder_return(&holder, &write);
    read_is(&read.fh, &reads, NFS4ERR_BAD_STATEID);
    write_is(&write.fh, &writes, NFS4ERR_BAD_STATEID);
}

/* A user that has not opened the file needs the right to it. */
static void io_of_others_is_checked(void **state)
{
    struct client_file file = holder_delegated(&holder, &dir, "private", OPEN_DELEGATE_WRITE);
    struct stateid4 stateid = held(&file);

    (void)state;
    begin(&holder.mount, &file.fh);
    client_op_setattr(C, &stateid, CLIENT_BITS(FATTR4_MODE), &(struct nfs4_attrs){.mode = 0600});
    run_on(&holder.mount.conn, NFS4_OK);
    holder.mount.conn.cred = script_stranger();
    read_is(&file.fh, &stateid, NFS4ERR_ACCESS);
    write_is(&file.fh, &stateid, NFS4ERR_ACCESS);
    holder.mount.conn.cred = script_cred();
    read_is(&file.fh, &stateid, NFS4_OK);
    assert_int_equal(holder.callbacks->count, 0);
    holder_return(&holder, &file);
}

/* A delegation is no open. */
static void no_open(void **state)
{
    struct client_file file = holder_delegated(&holder, &dir, "no open", OPEN_DELEGATE_WRITE);
    struct client_file wrong = file;
    struct nfs_argop4 downgrade = {
        .argop = OP_OPEN_DOWNGRADE,
        .opopen_downgrade = {.open_stateid = held(&file), .share_access = OPEN4_SHARE_ACCESS_READ}};

    (void)state;
    wrong.stateid = held(&file);
    begin(&holder.mount, &file.fh);
    script_op_close(&holder.mount, &wrong);
    run_on(&holder.mount.conn, NFS4ERR_BAD_STATEID);
    begin(&holder.mount, &file.fh);
    script_op_as(&holder.mount, "holder", &downgrade);
    run_on(&holder.mount.conn, NFS4ERR_BAD_STATEID);
    begin(&holder.mount, &file.fh);
    script_op_lock_new(&holder.mount, &wrong, "locker", WRITE_LT, 0, 1);
    run_on(&holder.mount.conn, NFS4ERR_BAD_STATEID);
    holder_return(&holder, &file);
}

/* ---- DELEGRETURN ---- */

static void returned(void **state)
{
    struct client_file file = holder_delegated(&holder, &dir, "returned", OPEN_DELEGATE_READ);
    struct stateid4 mine = held(&file), bad = changed(&mine);

    (void)state;
    return_is(&holder.mount, NULL, &mine, NFS4ERR_NOFILEHANDLE);
    return_is(&holder.mount, &dir, &mine, NFS4ERR_BAD_STATEID);
    return_is(&holder.mount, &file.fh, &bad, NFS4ERR_BAD_STATEID);
    return_is(&holder.mount, &file.fh, &file.stateid, NFS4ERR_BAD_STATEID);
    return_is(&holder.mount, &file.fh, &client_stateid_anonymous, NFS4ERR_BAD_STATEID);
    bad = numbered(&mine, mine.seqid + 1);
    return_is(&holder.mount, &file.fh, &bad, NFS4ERR_BAD_STATEID);
    if (script_minor != 0)
        return_is(&bob, &file.fh, &mine, NFS4ERR_BAD_STATEID);
    return_is(&holder.mount, &file.fh, &mine, NFS4_OK);
    return_is(&holder.mount, &file.fh, &mine, NFS4ERR_BAD_STATEID);
    script_read_is(&holder.mount, &file, NFS4_OK);
}

/* WANT_WRITE_DELEG upgrades a READ delegation to a WRITE one, with the next seqid (RFC 8881
 * §18.16.3). */
static void an_old_seqid(void **state)
{
    struct client_file file = holder_delegated(&holder, &dir, "upgraded", OPEN_DELEGATE_READ);
    struct client_file again = holder_delegated(&holder, &dir, "upgraded", OPEN_DELEGATE_WRITE);
    struct stateid4 before = held(&file), after = held(&again);

    (void)state;
    assert_memory_equal(before.other, after.other, NFS4_OTHER_SIZE);
    assert_int_equal(after.seqid, before.seqid + 1);
    return_is(&holder.mount, &file.fh, &before, NFS4ERR_OLD_STATEID);
    claim_is(&holder.mount, "upgraded", &before, OPEN4_SHARE_ACCESS_READ, NFS4ERR_OLD_STATEID);
    read_is(&file.fh, &before, NFS4ERR_OLD_STATEID);
    write_is(&file.fh, &after, NFS4_OK);
    after.seqid = V40_OR(after.seqid, 0);
    return_is(&holder.mount, &file.fh, &after, NFS4_OK);
}

/* In 4.0 seqid 0 does not mean the latest: RFC 7530 §9.1.4.2. */
static void no_seqid(void **state)
{
    struct client_file file = holder_delegated(&holder, &dir, "no seqid", OPEN_DELEGATE_READ);
    struct stateid4 mine = held(&file), old = numbered(&mine, 0);

    (void)state;
    return_is(&holder.mount, &file.fh, &old, NFS4ERR_OLD_STATEID);
    claim_is(&holder.mount, "no seqid", &old, OPEN4_SHARE_ACCESS_READ, NFS4ERR_OLD_STATEID);
    return_is(&holder.mount, &file.fh, &mine, NFS4_OK);
}

/* ---- TEST_STATEID, FREE_STATEID ---- */

static void tested_and_freed(void **state)
{
    struct client_file file = holder_delegated(&holder, &dir, "tested", OPEN_DELEGATE_READ);
    struct stateid4 mine = held(&file);
    struct nfs_argop4 test = {.argop = OP_TEST_STATEID,
                              .optest_stateid = {.ts_stateids = &mine, .ts_stateids_count = 1}};
    struct nfs_argop4 release = {.argop = OP_FREE_STATEID, .opfree_stateid = {mine}};

    (void)state;
    begin(&holder.mount, NULL);
    client_compound_add(C, &test);
    run_on(&holder.mount.conn, NFS4_OK);
    expect_status(result(OP_TEST_STATEID)->optest_stateid.tsr_status_codes[0], NFS4_OK);
    begin(&holder.mount, NULL);
    client_compound_add(C, &release);
    run_on(&holder.mount.conn, NFS4ERR_LOCKS_HELD);
    holder_return(&holder, &file);
    begin(&holder.mount, NULL);
    client_compound_add(C, &test);
    run_on(&holder.mount.conn, NFS4_OK);
    expect_status(result(OP_TEST_STATEID)->optest_stateid.tsr_status_codes[0], NFS4ERR_BAD_STATEID);
    begin(&holder.mount, NULL);
    client_compound_add(C, &release);
    run_on(&holder.mount.conn, NFS4ERR_BAD_STATEID);
}

/* ---- RENEW ---- */

static enum nfsstat4 renewed(void)
{
    begin_bare(&holder.mount, 0);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_RENEW,
                                                .oprenew = {client_mount_clientid(&holder.mount)}});
    assert_int_equal(client_compound_call(&holder.mount.conn, C, R), CLIENT_OK);
    return R->status;
}

/* RFC 7530 §10.4.6, §16.28.4: a client that cannot be called is told so while it has a delegation,
 * and only then. */
static void path_down(void **state)
{
    const int64_t end_ms = wait_now_ms() + WAIT_PATIENCE_MS;
    struct client_file file = holder_delegated(&holder, &dir, "out of reach", OPEN_DELEGATE_READ);
    struct client_file other;

    (void)state;
    expect_status(renewed(), NFS4_OK);
    close(holder.listener);
    holder.listener = -1;
    for (uint32_t i = 0; i < holder.more_count; i++)
        client_conn_close(&holder.more[i]);
    expect_status(conflict_open(&bob, &dir, "out of reach", &other), NFS4ERR_DELAY);
    while (renewed() != NFS4ERR_CB_PATH_DOWN) {
        expect_status(R->status, NFS4_OK);
        assert_true(wait_now_ms() < end_ms);
        wait_ms(50);
    }
    holder_return(&holder, &file);
    expect_status(renewed(), NFS4_OK);
    conflict_over(&dir, "out of reach");
}

#define TEST(function)                                                                             \
    {                                                                                              \
#function, function, setup, teardown, NULL                                                 \
    }

int main(void)
{
    const struct CMUnitTest in_v40[] = {
        TEST(locks_come_with_it),
        TEST(wrong_claims),
        TEST(no_former_life),
        TEST(claims_that_create),
        TEST(io_by_its_stateid),
        TEST(io_of_others_is_checked),
        TEST(no_open),
        TEST(returned),
        TEST(no_seqid),
        TEST(path_down),
    };
    const struct CMUnitTest with_sessions[] = {
        TEST(locks_come_with_it),
        TEST(wrong_claims),
        TEST(no_former_life),
        TEST(claims_that_create),
        TEST(io_by_its_stateid),
        TEST(io_of_others_is_checked),
        TEST(no_open),
        TEST(returned),
        TEST(claimed_while_recalled),
        TEST(an_old_seqid),
        TEST(tested_and_freed),
    };

    if (script_minor == 0)
        return test_group_run_fixtures(in_v40, script_setup_default, script_teardown);
    return test_group_run_fixtures(with_sessions, script_setup_default, script_teardown);
}
