/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that change while the server runs take effect at once. Those of local directories are in
 * local_changes_test.c, those of minor versions in minor_range_test.c. */
#include <string.h>

#include "holder.h"
#include "log_lines.h"
#include "set_range.h"

enum {
    TRIES = 5, /* by default with pauses of 1 + 2 + 4 + 8 s */
    TRIES_USUALLY_MS = 15000,
    TRIES_MANY = 12, /* from 10 ms on without another limit for 10 + 20 + ... + 10240 ms */
};

static struct client_fh dir;

/* nfs.recall_park_ms: how long a conflicting request waits for the return of the delegation. On a
 * busy machine a test can't prove a wait short, but it can prove that there is none: the answer
 * comes although no other request is sent. */
static void park(void **unused)
{
    struct holder holder;
    struct client_file file, other;
    int64_t start;

    (void)unused;
    set_setting("nfs.recall_park_ms", 1000);
    dir = script_dir(script_mem);
    holder_open(&holder, 1);
    start = wait_now_ms();
    file = holder_contended(&holder, &dir, "parked");
    assert_true(wait_now_ms() - start >= 1000);
    holder_finish(&holder, &file);

    set_setting("nfs.recall_park_ms", 0);
    file = holder_delegated(&holder, &dir, "not parked", OPEN_DELEGATE_WRITE);
    for (int best = 1000; best >= 500;) { /* the machine may be busy for a while */
        start = wait_now_ms();
        expect_status(conflict_open(&bob, &dir, "not parked", &other), NFS4ERR_DELAY);
        best = (int)(wait_now_ms() - start);
    }
    holder_finish(&holder, &file);
    holder_close(&holder);
    set_setting("nfs.recall_park_ms", 100);
}

/* A callback that is answered with DELAY is sent so often before it succeeds, in less than the
 * usual time. */
static void retried_soon(const char *name, uint32_t tries)
{
    struct holder holder;
    struct client_file file;
    int64_t start;

    dir = script_dir(script_mem);
    holder_open(&holder, 1);
    holder.mount.conn.behaviour =
        (struct client_behaviour){.op_status = NFS4ERR_DELAY, .times = tries - 1};
    file = holder_contended(&holder, &dir, name);
    start = wait_now_ms();
    holder_pump_until(&holder, holder_recalls(&holder, &file) >= tries);
    assert_true(wait_now_ms() - start < TRIES_USUALLY_MS);
    holder_finish(&holder, &file);
    holder_close(&holder);
}

/* S22-12, S22A-09: nfs.callback_backoff_ms, the first wait; the longest stays as it is. */
static void backoff(void **unused)
{
    (void)unused;
    set_setting("nfs.callback_backoff_ms", 10);
    retried_soon("first", TRIES);
    set_setting("nfs.callback_backoff_ms", 1000);
}

/* nfs.callback_backoff_max_ms, above which waits are not doubled. */
static void backoff_max(void **unused)
{
    (void)unused;
    set_setting("nfs.callback_backoff_ms", 10);
    set_setting("nfs.callback_backoff_max_ms", 20);
    retried_soon("longest", TRIES_MANY);
    set_setting("nfs.callback_backoff_max_ms", 20000);
    set_setting("nfs.callback_backoff_ms", 1000);
}

/* Values that contradict each other change nothing, and the log says why. */
static void refused(void **unused)
{
    struct log_line line;
    unsigned count = log_find("daemon.callback_waits", NULL).count;

    (void)unused;
    set_setting("nfs.callback_timeout_ms", 600000);
    assert_int_equal(log_find("daemon.callback_waits", NULL).count, count);
    line = log_find("daemon.hangup", NULL);
    assert_non_null(strstr(log_value(&line, "error"), "must take less than the lease, 90000 ms"));
    set_setting("nfs.callback_timeout_ms", 5000);
    line = log_find("daemon.callback_waits", NULL);
    assert_int_equal(line.count, count + 1);
    assert_int_equal(log_number(&line, "timeout_ms"), 5000);
}

/* An invalid value changes nothing either. */
static void nonsense(void **unused)
{
    struct holder holder;
    struct client_file file;
    struct log_line line;

    (void)unused;
    dir = script_dir(script_mem);
    set_setting("nfs.delegations", 3);
    line = log_find("daemon.hangup", NULL);
    assert_non_null(strstr(log_value(&line, "error"), "nfs.delegations wants none (0)"));
    holder_open(&holder, 1);
    file = holder_delegated(&holder, &dir, "given", OPEN_DELEGATE_WRITE);
    holder_finish(&holder, &file);
    holder_close(&holder);
    set_setting("nfs.delegations", 2);
    line = log_find("daemon.hangup", NULL);
    assert_null(log_value(&line, "error"));
}

/* nfs.max_delegations: above it no delegation is granted. */
static void max_delegations(void **unused)
{
    struct client_file held, file;
    struct holder holder;

    (void)unused;
    dir = script_dir(script_mem);
    holder_open(&holder, 1);
    held = holder_delegated(&holder, &dir, "held", OPEN_DELEGATE_WRITE);
    set_setting("nfs.max_delegations", 0);
    file = holder_wanting(&holder, &dir, "file", OPEN_DELEGATE_WRITE);
    assert_null(client_file_delegation(&file));
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    set_setting("nfs.max_delegations", 524288);
    file = holder_delegated(&holder, &dir, "file", OPEN_DELEGATE_WRITE);
    holder_finish(&holder, &file);
    holder_finish(&holder, &held);
    holder_close(&holder);
}

/* GET_DIR_DELEGATION, and its return if there is one. */
static void ask_for_dir(struct holder *holder, enum nfsstat4 status)
{
    begin(&holder->mount, &dir);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_GET_DIR_DELEGATION});
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_DELEGRETURN,
                                                .opdelegreturn = {client_stateid_current}});
    run(status);
}

/* The notifications that it is granted when it asks for those of removals. */
static uint32_t notified_of(struct holder *holder)
{
    struct nfs_argop4 ask = {.argop = OP_GET_DIR_DELEGATION};
    const struct GET_DIR_DELEGATION4res_non_fatal *res;

    bitmap4_set(&ask.opget_dir_delegation.gdda_notification_types, NOTIFY4_REMOVE_ENTRY);
    begin(&holder->mount, &dir);
    client_compound_add(C, &ask);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_DELEGRETURN,
                                                .opdelegreturn = {client_stateid_current}});
    run(NFS4_OK);
    res = &result(OP_GET_DIR_DELEGATION)->opget_dir_delegation;
    assert_int_equal(res->gddrnf_status, GDD4_OK);
    return res->gddrnf_resok4.gddr_notification.words[0];
}

/* nfs.directory_delegations: without it the operation is not supported. */
static void directory_delegations(void **unused)
{
    struct holder holder;

    (void)unused;
    dir = script_dir(script_mem);
    holder_open(&holder, 1);
    ask_for_dir(&holder, NFS4_OK);
    set_setting("nfs.directory_delegations", 0);
    ask_for_dir(&holder, NFS4ERR_NOTSUPP);
    set_setting("nfs.directory_delegations", 1);
    ask_for_dir(&holder, NFS4_OK);
    assert_int_equal(notified_of(&holder), 0);
    set_setting("nfs.directory_delegations", 2);
    assert_int_equal(notified_of(&holder), 1u << NOTIFY4_REMOVE_ENTRY);
    set_setting("nfs.directory_delegations", 1);
    holder_close(&holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(park),
        cmocka_unit_test(backoff),
        cmocka_unit_test(backoff_max),
        cmocka_unit_test(refused),
        cmocka_unit_test(nonsense),
        cmocka_unit_test(max_delegations),
        cmocka_unit_test(directory_delegations),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
