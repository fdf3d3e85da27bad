/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What settings do that are options of the start, too: sessions, kept replies, the log at once;
 * lease and grace period at the next start and not before.
 */
#include "lib/wait.h"
#include "log_lines.h"
#include "script.h"
#include "set_range.h"

enum {
    LEASE_S = 30,
    GRACE_S = 8,
    SLOTS = 5
};

static const char *const exports[] = {"--export", "/mem=mem:,no_root_squash", NULL};

static int set_up(void **state)
{
    (void)state;
    return script_setup(exports) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

static uint32_t slots_of_a_new_session(void)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_cred cred = script_cred();
    struct client_mount mount;
    uint32_t slots;

    expect_status(client_mount_open(&mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, &wish),
                  NFS4_OK);
    slots = mount.session.fore.ca_maxrequests;
    client_mount_close(&mount);
    return slots;
}

static void slots(void **unused)
{
    uint32_t usual = slots_of_a_new_session();

    (void)unused;
    assert_int_not_equal(usual, SLOTS);
    set_setting("nfs.slots", SLOTS);
    assert_int_equal(slots_of_a_new_session(), SLOTS);
    set_setting("nfs.slots", LIMIT_SLOTS_DEFAULT);
    assert_int_equal(slots_of_a_new_session(), usual);
}

/* What alice and bob use leaves little of one MiB. */
static void kept_replies(void **unused)
{
    uint32_t usual = slots_of_a_new_session();

    (void)unused;
    (void)script_use_slots(&alice);
    (void)script_use_slots(&bob);
    set_setting("nfs.reply_cache_mib", 1);
    assert_in_range(slots_of_a_new_session(), 1, usual - 1);
    set_setting("nfs.reply_cache_mib", 1024);
    assert_int_equal(slots_of_a_new_session(), usual);
}

static void log_level(void **unused)
{
    unsigned lines = log_count("debug");

    (void)unused;
    (void)slots_of_a_new_session();
    assert_int_equal(log_count("debug"), lines);
    set_setting("log.level", 3);
    (void)slots_of_a_new_session();
    assert_true(log_count("debug") > lines);
    set_setting("log.level", 2);
    lines = log_count("debug");
    (void)slots_of_a_new_session();
    assert_int_equal(log_count("debug"), lines);
}

static void log_format(void **unused)
{
    (void)unused;
    assert_int_not_equal(log_find("daemon.minor_versions", NULL).text[0], '{');
    set_setting("log.format", 1);
    assert_int_equal(log_find("daemon.hangup", NULL).text[0], '{');
    set_setting("log.format", 0);
    assert_int_not_equal(log_find("daemon.hangup", NULL).text[0], '{');
}

/* As a new client is told. */
static uint32_t lease_s(void)
{
    struct client_mount mount;
    struct client_fh root;
    uint32_t told_s;

    script_mount_v41(&mount);
    begin(&mount, NULL);
    client_op_putrootfh(C);
    client_op_getfh(C);
    run(NFS4_OK);
    root = result_fh();
    told_s = attrs_of(&mount, &root, CLIENT_BITS(FATTR4_LEASE_TIME)).lease_time;
    client_mount_close(&mount);
    return told_s;
}

static void restart(void)
{
    assert_true(test_server_stop(&script_server));
    assert_true(test_server_start(&script_server, NULL));
    client_conn_close(&alice.conn);
    script_connect(&alice.conn);
}

/* RFC 8881 §8.3: who was told a lease has it until the server starts again, whose grace period is
 * for those. */
static void lease(void **unused)
{
    struct log_line line;

    (void)unused;
    assert_int_equal(lease_s(), 90);
    set_setting("nfs.lease_s", LEASE_S);
    assert_int_equal(lease_s(), 90);
    line = log_find_with("daemon.setting", "name", "nfs.lease_s");
    assert_int_equal(log_number(&line, "value"), 90);
    assert_int_equal(log_number(&line, "restart"), LEASE_S);
    restart();
    assert_int_equal(lease_s(), LEASE_S);
}

/* Of a file in the root of the export, which not every user may change. */
static enum nfsstat4 open_of(struct client_mount *mount)
{
    struct client_file file;
    struct client_fh root;

    expect_status(client_file_lookup(mount, script_mem, &root), NFS4_OK);
    return client_file_create(mount, &root, "new", &file);
}

/* Alice holds a file, so the server waits for her, and others have to wait so long: less than the
 * lease, for which it waits by default. */
static void grace(void **unused)
{
    struct client_fh dir = script_dir(script_mem);
    struct client_mount newcomer;
    struct log_line line;

    (void)unused;
    (void)make_open(&alice, &dir, "file");
    set_setting("nfs.grace_s", GRACE_S);
    restart();
    line = log_find("recovery.grace.begin", NULL);
    assert_int_equal(log_number(&line, "seconds"), GRACE_S);
    script_mount_v41(&newcomer);
    expect_status(open_of(&newcomer), NFS4ERR_GRACE);
    wait_until_every(100, open_of(&newcomer) != NFS4ERR_GRACE);
    client_mount_close(&newcomer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots),      cmocka_unit_test(kept_replies), cmocka_unit_test(log_level),
        cmocka_unit_test(log_format), cmocka_unit_test(grace),        cmocka_unit_test(lease),
    };

    return test_group_run_fixtures(tests, set_up, script_teardown);
}
