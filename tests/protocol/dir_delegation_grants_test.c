/* SPDX-License-Identifier: Apache-2.0 */
/* Who is given a delegation of a directory, and who is not: never with an error that would fail the
 * GETATTR behind it (RFC 8881 §18.39).  W12, L-06, SR-16. */
#include <unistd.h>

#include "base/clock.h"
#include "holder.h"

static void op_ask(void)
{
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_GET_DIR_DELEGATION});
}

static void refused(const struct GET_DIR_DELEGATION4res_non_fatal answer)
{
    assert_int_equal(answer.gddrnf_status, GDD4_UNAVAIL);
    assert_false(answer.gddrnf_will_signal_deleg_avail);
}

/* §18.39.3: the second request has no effect, on the current stateid neither. */
static void asked_twice(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct GET_DIR_DELEGATION4res_non_fatal first;
    struct holder holder;

    holder_open(&holder, script_minor);
    first = holder_ask_dir(&holder.mount, &dir);
    assert_int_equal(first.gddrnf_status, GDD4_OK);
    assert_int_equal(first.gddrnf_resok4.gddr_notification.count, 0);
    assert_int_equal(first.gddrnf_resok4.gddr_child_attributes.count, 0);
    assert_int_equal(first.gddrnf_resok4.gddr_dir_attributes.count, 0);
    refused(holder_ask_dir(&holder.mount, &dir));
    holder_return_dir(&holder, &dir, &first.gddrnf_resok4.gddr_stateid);
    /* The current stateid is that of the delegation. */
    begin(&holder.mount, &dir);
    op_ask();
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_DELEGRETURN,
                                                .opdelegreturn = {client_stateid_current}});
    run(NFS4_OK);
    holder_close(&holder);
}

/* L-06: what will not be sent is not granted; with nfs.directory_delegations recall that is all. */
static void no_notifications(void **state)
{
    const struct bitmap4 all = {.words = {UINT32_MAX, UINT32_MAX}, .count = 2};
    struct nfs_argop4 op = {.argop = OP_GET_DIR_DELEGATION,
                            .opget_dir_delegation = {.gdda_notification_types = all,
                                                     .gdda_child_attributes = all,
                                                     .gdda_dir_attributes = all}};
    const struct GET_DIR_DELEGATION4resok *given;
    struct client_fh dir = script_dir(*state);
    struct holder holder;

    holder_open(&holder, script_minor);
    begin(&holder.mount, &dir);
    client_compound_add(C, &op);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_DELEGRETURN,
                                                .opdelegreturn = {client_stateid_current}});
    run(NFS4_OK);
    given = &result(OP_GET_DIR_DELEGATION)->opget_dir_delegation.gddrnf_resok4;
    assert_int_equal(given->gddr_notification.count, 0);
    assert_int_equal(given->gddr_child_attributes.count, 0);
    assert_int_equal(given->gddr_dir_attributes.count, 0);
    holder_close(&holder);
}

static void several_holders(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct stateid4 first, second;
    struct holder one, other;

    holder_open(&one, 1);
    holder_open(&other, 2);
    first = holder_delegated_dir(&one, &dir);
    second = holder_delegated_dir(&other, &dir);
    begin(&one.mount, &dir);
    client_op_create(C, "made", NF4DIR, NULL, 0755);
    run(NFS4ERR_DELAY);
    (void)holder_wait(&other, OP_CB_RECALL, 0);
    holder_return_dir(&other, &dir, &second);
    begin(&one.mount, &dir);
    client_op_create(C, "made", NF4DIR, NULL, 0755);
    run(NFS4_OK);
    assert_int_equal(one.callbacks->count, 0);
    holder_return_dir(&one, &dir, &first);
    holder_close(&one);
    holder_close(&other);
}

/* A request of 4.0 names no client.  The one that the server would guess is one of 4.0, and so
 * never the holder, whose connection this is. */
static void nobodys_request(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct stateid4 stateid;
    struct holder holder;

    holder_open(&holder, 1);
    stateid = holder_delegated_dir(&holder, &dir);
    for (int i = 0; i < 2; i++) {
        begin_bare(&holder.mount, 0);
        client_op_putfh(C, &dir);
        client_op_create(C, "made", NF4DIR, NULL, 0755);
        run_on(&holder.mount.conn, i == 0 ? NFS4ERR_DELAY : NFS4_OK);
        (void)holder_wait(&holder, OP_CB_RECALL, 0);
        if (i == 0)
            holder_return_dir(&holder, &dir, &stateid);
    }
    holder_close(&holder);
}

static void no_directories(void **state)
{
    struct client_fh dir = script_dir(*state), file = make_file(&alice, &dir, "file");
    struct nfs_argop4 op = {.argop = OP_GET_DIR_DELEGATION};
    struct holder holder;

    holder_open(&holder, script_minor);
    begin(&holder.mount, &file);
    op_ask();
    run(NFS4ERR_NOTDIR);
    begin(&holder.mount, NULL);
    op_ask();
    run(NFS4ERR_NOFILEHANDLE);
    op.opget_dir_delegation.gdda_dir_attr_delay.nseconds = NSEC_PER_SEC;
    begin(&holder.mount, &dir);
    client_compound_add(C, &op);
    run(NFS4ERR_INVAL);
    holder_close(&holder);
}

/* Directories of the name space, and those of named attributes. */
static void not_delegable(void **state)
{
    struct client_fh dir = script_dir(script_mem);
    struct holder holder;

    (void)state;
    holder_open(&holder, script_minor);
    begin(&holder.mount, NULL);
    client_op_putrootfh(C);
    op_ask();
    run(NFS4_OK);
    refused(result(OP_GET_DIR_DELEGATION)->opget_dir_delegation);
    begin(&holder.mount, &dir);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_OPENATTR, .opopenattr = {.createdir = true}});
    op_ask();
    run(NFS4_OK);
    refused(result(OP_GET_DIR_DELEGATION)->opget_dir_delegation);
    holder_close(&holder);
}

/* It could not be returned: its handle is stale. */
static void what_is_gone(void **state)
{
    struct client_fh dir = script_dir(*state), sub;
    struct holder holder;

    holder_open(&holder, script_minor);
    begin(&holder.mount, &dir);
    client_op_create(C, "sub", NF4DIR, NULL, 0777);
    client_op_getfh(C);
    run(NFS4_OK);
    sub = result_fh();
    begin_two(&holder.mount, &sub, &dir);
    client_op_remove(C, "sub");
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_RESTOREFH});
    op_ask();
    run(NFS4_OK);
    refused(result(OP_GET_DIR_DELEGATION)->opget_dir_delegation);
    holder_close(&holder);
}

/* Whoever may not list it would be told of names.  (On `local`, a server that is not run by root
 * does everything as its own user.) */
static void drop_box(void **state)
{
    const bool as_caller = *state == script_mem || geteuid() == 0;
    struct client_fh dir = script_dir(*state);
    struct holder holder;

    expect_status(client_file_setattr(&alice, &dir, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = 0733}),
                  NFS4_OK);
    holder_open(&holder, script_minor);
    holder.mount.conn.cred = script_stranger();
    assert_int_equal(holder_ask_dir(&holder.mount, &dir).gddrnf_status,
                     as_caller ? GDD4_UNAVAIL : GDD4_OK);
    holder.mount.conn.cred = script_cred();
    holder_close(&holder);
}

/* Nobody could recall it. */
static void no_back_channel(void **state)
{
    struct client_fh dir = script_dir(*state);

    refused(holder_ask_dir(&bob, &dir));
}

/* None is reclaimed (§10.9.5), nor given while files are. */
static void restart(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct stateid4 stateid;
    struct holder holder;

    (void)make_open(&alice, &dir, "file"); /* to be reclaimed */
    holder_open(&holder, script_minor);
    stateid = holder_delegated_dir(&holder, &dir);
    test_server_kill(&script_server);
    assert_true(test_server_start(&script_server, NULL));
    holder_drop(&holder);
    client_conn_close(&alice.conn);
    client_conn_close(&bob.conn);
    holder_open(&holder, script_minor);
    begin(&holder.mount, &dir);
    script_op_open(&holder.mount,
                   &(struct client_open){.name = "file", .access = OPEN4_SHARE_ACCESS_READ});
    run(NFS4ERR_GRACE);
    refused(holder_ask_dir(&holder.mount, &dir));
    begin(&holder.mount, &dir);
    client_compound_add(C,
                        &(struct nfs_argop4){.argop = OP_DELEGRETURN, .opdelegreturn = {stateid}});
    run(NFS4ERR_BAD_STATEID);
    holder_close(&holder);
}

/* Nobody else changes the directories of `local`. */
static int set_up(void **state)
{
    static char local[128];
    static const char *const options[] = {
        "--export", "/mem=mem:,no_root_squash",         "--export", local,
        "--set",    "nfs.directory_delegations=recall", "--set",    "nfs.local_delegations=all",
        NULL};

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(asked_twice),     ON_BOTH(no_notifications),
        ON_BOTH(several_holders), ON_BOTH(nobodys_request),
        ON_BOTH(no_directories),  cmocka_unit_test(not_delegable),
        ON_BOTH(what_is_gone),    ON_BOTH(drop_box),
        ON_BOTH(no_back_channel), {"restart", restart, NULL, NULL, script_local},
    };

    return test_group_run_fixtures(tests, set_up, script_teardown);
}
