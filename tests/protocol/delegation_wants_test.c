/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which delegation a client gets that states its wishes, and what it is told when there is none:
 * OPEN with WANT flags, and WANT_DELEGATION (RFC 8881 §18.16.3, §18.49.3).
 */
#include "holder.h"

#define WANT_READ OPEN4_SHARE_ACCESS_WANT_READ_DELEG
#define WANT_WRITE OPEN4_SHARE_ACCESS_WANT_WRITE_DELEG
#define WANT_ANY OPEN4_SHARE_ACCESS_WANT_ANY_DELEG
#define WANT_NO OPEN4_SHARE_ACCESS_WANT_NO_DELEG
#define WANT_CANCEL OPEN4_SHARE_ACCESS_WANT_CANCEL
#define SIGNAL OPEN4_SHARE_ACCESS_WANT_SIGNAL_DELEG_WHEN_RESRC_AVAIL
#define PUSH OPEN4_SHARE_ACCESS_WANT_PUSH_DELEG_WHEN_UNCONTENDED

static struct holder holder;
static struct client_fh dir;

static int setup(void **state)
{
    (void)state;
    dir = script_dir(script_mem);
    holder_open(&holder, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    holder_close(&holder);
    return 0;
}

static struct client_file open_wanting(struct client_mount *by, const char *name, uint32_t access)
{
    const struct client_open how = {.owner = "wants", .access = access, .name = name};
    struct client_file file;

    expect_status(client_file_open(by, &dir, &how, &file), NFS4_OK);
    return file;
}

static void given(const struct open_delegation4 *delegation, enum open_delegation_type4 type)
{
    assert_int_equal(delegation->delegation_type, type);
}

/* None, and the client will not be notified when one is available. */
static void refused(const struct open_delegation4 *delegation, enum why_no_delegation4 why)
{
    given(delegation, OPEN_DELEGATE_NONE_EXT);
    assert_int_equal(delegation->od_whynone.ond_why, why);
    if (why == WND4_CONTENTION)
        assert_false(delegation->od_whynone.ond_server_will_push_deleg);
}

/* ---- OPEN ---- */

/* L-02: a client of 4.1 has a back channel, and gets what it wants. */
static void wants_of_open(void **state)
{
    static const struct {
        uint32_t access;
        enum open_delegation_type4 type;
    } wants[] = {
        {OPEN4_SHARE_ACCESS_READ, OPEN_DELEGATE_READ},
        {OPEN4_SHARE_ACCESS_WRITE, OPEN_DELEGATE_WRITE},
        {OPEN4_SHARE_ACCESS_BOTH, OPEN_DELEGATE_WRITE},
        {OPEN4_SHARE_ACCESS_READ | WANT_READ, OPEN_DELEGATE_READ},
        {OPEN4_SHARE_ACCESS_READ | WANT_WRITE, OPEN_DELEGATE_WRITE},
        {OPEN4_SHARE_ACCESS_READ | WANT_ANY, OPEN_DELEGATE_READ},
        {OPEN4_SHARE_ACCESS_BOTH | WANT_ANY, OPEN_DELEGATE_WRITE},
        {OPEN4_SHARE_ACCESS_BOTH | WANT_READ, OPEN_DELEGATE_READ},
        {OPEN4_SHARE_ACCESS_READ | WANT_READ | SIGNAL | PUSH, OPEN_DELEGATE_READ},
    };
    struct client_file file;
    char name[16];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wants); i++) {
        (void)snprintf(name, sizeof(name), "file %zu", i);
        make_file(&alice, &dir, name);
        file = open_wanting(&holder.mount, name, wants[i].access);
        given(&file.open.delegation, wants[i].type);
        holder_finish(&holder, &file);
    }
}

/* The permissions entry grants nothing, and data must be written before CLOSE. */
static void contents_of_a_delegation(void **state)
{
    struct client_file file = holder_delegated(&holder, &dir, "new", OPEN_DELEGATE_WRITE);
    const struct open_write_delegation4 *write = &file.open.delegation.write;

    (void)state;
    assert_false(write->recall);
    assert_int_equal(write->space_limit.limitby, NFS_LIMIT_SIZE);
    assert_int_equal(write->space_limit.filesize, 0);
    assert_int_equal(write->permissions.type, ACE4_ACCESS_ALLOWED_ACE_TYPE);
    assert_int_equal(write->permissions.access_mask, 0);
    assert_int_equal(write->stateid.seqid, 1);
    holder_finish(&holder, &file);
}

static void not_wanted(void **state)
{
    struct client_file file;

    (void)state;
    make_file(&alice, &dir, "not wanted");
    file = open_wanting(&holder.mount, "not wanted", OPEN4_SHARE_ACCESS_READ | WANT_NO);
    refused(&file.open.delegation, WND4_NOT_WANTED);
    file = open_wanting(&holder.mount, "not wanted", OPEN4_SHARE_ACCESS_READ | WANT_CANCEL);
    refused(&file.open.delegation, WND4_CANCELLED);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
}

static void contention(void **state)
{
    struct client_file others = make_open(&bob, &dir, "contended"), file;

    (void)state;
    file = open_wanting(&holder.mount, "contended", OPEN4_SHARE_ACCESS_READ | WANT_READ);
    refused(&file.open.delegation, WND4_CONTENTION);
    file = open_wanting(&holder.mount, "contended", OPEN4_SHARE_ACCESS_READ | WANT_READ | PUSH);
    refused(&file.open.delegation, WND4_CONTENTION);
    file = open_wanting(&holder.mount, "contended", OPEN4_SHARE_ACCESS_READ);
    given(&file.open.delegation, OPEN_DELEGATE_NONE);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    expect_status(client_file_close(&bob, &others), NFS4_OK);
}

/* For a client that cannot be called. */
static void out_of_reach(void **state)
{
    struct client_file file;

    (void)state;
    make_file(&alice, &dir, "out of reach");
    file = open_wanting(&alice, "out of reach", OPEN4_SHARE_ACCESS_READ | WANT_READ);
    refused(&file.open.delegation, WND4_RESOURCE);
    assert_false(file.open.delegation.od_whynone.ond_server_will_signal_avail);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

static void had_already(void **state)
{
    struct client_file first = holder_delegated(&holder, &dir, "had", OPEN_DELEGATE_WRITE), file;

    (void)state;
    file = open_wanting(&holder.mount, "had", OPEN4_SHARE_ACCESS_READ | WANT_READ);
    refused(&file.open.delegation, WND4_NOT_SUPP_DOWNGRADE);
    holder_return(&holder, &first);
}

static void for_named_attributes(void **state)
{
    struct client_fh fh = make_file(&alice, &dir, "with attributes"), attributes;
    const struct client_open how = {.owner = "wants",
                                    .access = OPEN4_SHARE_ACCESS_BOTH | WANT_ANY,
                                    .name = "attribute",
                                    .create = true,
                                    .how = UNCHECKED4};
    struct client_file file;

    (void)state;
    begin(&holder.mount, &fh);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_OPENATTR, .opopenattr = {true}});
    client_op_getfh(C);
    run_on(&holder.mount.conn, NFS4_OK);
    attributes = result_fh();
    expect_status(client_file_open(&holder.mount, &attributes, &how, &file), NFS4_OK);
    refused(&file.open.delegation, WND4_NOT_SUPP_FTYPE);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
}

/* ---- WANT_DELEGATION ---- */

static const struct deleg_claim4 by_fh = {.dc_claim = CLAIM_FH};

static const struct open_delegation4 *want(const struct client_fh *fh, uint32_t wants,
                                           const struct deleg_claim4 *claim, enum nfsstat4 status)
{
    begin(&holder.mount, fh);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_WANT_DELEGATION, .opwant_delegation = {wants, *claim}});
    run_on(&holder.mount.conn, status);
    return status == NFS4_OK ? &result(OP_WANT_DELEGATION)->opwant_delegation : NULL;
}

static struct client_file wanted(const struct client_fh *fh,
                                 const struct open_delegation4 *delegation)
{
    struct client_file file = {.fh = *fh};

    file.open.delegation = *delegation;
    return file;
}

/* Without an open; it is recalled like any other. */
static void without_an_open(void **state)
{
    struct client_fh fh = make_file(&alice, &dir, "wanted");
    struct client_file file, other;

    (void)state;
    file = wanted(&fh, want(&fh, WANT_READ, &by_fh, NFS4_OK));
    given(&file.open.delegation, OPEN_DELEGATE_READ);
    holder_return(&holder, &file);
    file = wanted(&fh, want(&fh, WANT_ANY | OPEN4_SHARE_ACCESS_BOTH, &by_fh, NFS4_OK));
    given(&file.open.delegation, OPEN_DELEGATE_READ);
    holder_return(&holder, &file);
    file = wanted(&fh, want(&fh, WANT_WRITE | WANT_NO, &by_fh, NFS4_OK));
    given(&file.open.delegation, OPEN_DELEGATE_WRITE);
    expect_status(conflict_open(&bob, &dir, "wanted", &other), NFS4ERR_DELAY);
    holder_wait_recall(&holder, &file);
    refused(want(&fh, WANT_READ, &by_fh, NFS4_OK), WND4_CONTENTION);
    holder_return(&holder, &file);
    conflict_over(&dir, "wanted");
}

/* The delegation becomes the current stateid. */
static void wanted_and_returned(void **state)
{
    struct client_fh fh = make_file(&alice, &dir, "at once");

    (void)state;
    begin(&holder.mount, &fh);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_WANT_DELEGATION,
                                                .opwant_delegation = {WANT_READ, by_fh}});
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_DELEGRETURN,
                                                .opdelegreturn = {client_stateid_current}});
    run_on(&holder.mount.conn, NFS4_OK);
}

static void wants_that_are_refused(void **state)
{
    struct client_fh fh = make_file(&alice, &dir, "refused"), link;
    struct client_file others = make_open(&bob, &dir, "open");
    struct client_fh open = others.fh;

    (void)state;
    expect_status(client_file_symlink(&alice, &dir, "link", "target", &link), NFS4_OK);
    refused(want(&fh, WANT_CANCEL, &by_fh, NFS4_OK), WND4_CANCELLED);
    refused(want(&dir, WANT_READ, &by_fh, NFS4_OK), WND4_IS_DIR);
    refused(want(&link, WANT_READ, &by_fh, NFS4_OK), WND4_NOT_SUPP_FTYPE);
    refused(want(&link, WANT_WRITE, &by_fh, NFS4_OK), WND4_WRITE_DELEG_NOT_SUPP_FTYPE);
    refused(want(&open, WANT_READ | PUSH | SIGNAL, &by_fh, NFS4_OK), WND4_CONTENTION);
    expect_status(client_file_close(&bob, &others), NFS4_OK);
    holder.mount.conn.cred = script_stranger();
    refused(want(&fh, WANT_WRITE, &by_fh, NFS4_OK), WND4_RESOURCE);
    holder.mount.conn.cred = script_cred();
}

static void wants_that_fail(void **state)
{
    const struct deleg_claim4 former = {.dc_claim = CLAIM_DELEG_PREV_FH};
    const struct deleg_claim4 none = {.dc_claim = CLAIM_PREVIOUS,
                                      .dc_delegate_type = OPEN_DELEGATE_NONE};
    const struct deleg_claim4 read = {.dc_claim = CLAIM_PREVIOUS,
                                      .dc_delegate_type = OPEN_DELEGATE_READ};
    struct client_fh fh = make_file(&alice, &dir, "fails");

    (void)state;
    (void)want(NULL, WANT_READ, &by_fh, NFS4ERR_NOFILEHANDLE);
    (void)want(&fh, 0, &by_fh, NFS4ERR_INVAL);
    (void)want(&fh, WANT_NO, &by_fh, NFS4ERR_INVAL);
    (void)want(&fh, OPEN4_SHARE_ACCESS_BOTH, &by_fh, NFS4ERR_INVAL);
    (void)want(&fh, 0x4000, &by_fh, NFS4ERR_INVAL);
    (void)want(&fh, WANT_READ | 0x40000000, &by_fh, NFS4ERR_INVAL);
    (void)want(&fh, WANT_READ, &former, NFS4ERR_NOTSUPP);
    (void)want(&fh, WANT_READ, &none, NFS4ERR_INVAL);
    (void)want(&fh, WANT_READ, &read, NFS4ERR_NO_GRACE);
}

/* Before RECLAIM_COMPLETE no delegation is granted. */
static void too_early(void **state)
{
    struct client_fh fh = make_file(&alice, &dir, "early");
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_cred cred = script_cred();
    struct client_mount early = {.conn = {.fd = -1}};
    enum nfsstat4 status;

    (void)state;
    script_connect(&early.conn);
    early.conn.cred = cred;
    assert_int_equal(client_session_exchange_id(&early.conn, &wish, &early.session, &status),
                     CLIENT_OK);
    assert_int_equal(client_session_create(&early.conn, &wish, &early.session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    begin(&early, &fh);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_WANT_DELEGATION,
                                                .opwant_delegation = {WANT_READ, by_fh}});
    run_on(&early.conn, NFS4ERR_GRACE);
    client_mount_close(&early);
}

#define TEST(function)                                                                             \
    {                                                                                              \
#function, function, setup, teardown, NULL                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(wants_of_open),        TEST(contents_of_a_delegation),
        TEST(not_wanted),           TEST(contention),
        TEST(out_of_reach),         TEST(had_already),
        TEST(for_named_attributes), TEST(without_an_open),
        TEST(wanted_and_returned),  TEST(wants_that_are_refused),
        TEST(wants_that_fail),      TEST(too_early),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
