/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exclusive create stores its verifier before the file has its name: whenever the server dies in
 * between, the client's retry creates the file, and does not find a file that looks like another
 * client's.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault/durable_fixture.h"
#include "lib/wait.h"

static struct client_fh dir;

static bool there(const char *name)
{
    struct stat st;

    return lstat(durable_path(name), &st) == 0;
}

static void begin_create(struct client_mount *mount, const char *owner, uint8_t verifier)
{
    const struct client_open open = {
        .owner = owner,
        .access = OPEN4_SHARE_ACCESS_BOTH | V40_OR(0, OPEN4_SHARE_ACCESS_WANT_NO_DELEG),
        .name = "new",
        .create = true,
        .how = V40_OR(EXCLUSIVE4, EXCLUSIVE4_1),
        .verifier = {verifier},
        .mode = 0644,
    };

    begin(mount, &dir);
    script_op_open(mount, &open);
    client_op_getfh(C);
}

static void create_is(struct client_mount *mount, const char *owner, uint8_t verifier,
                      enum nfsstat4 status)
{
    begin_create(mount, owner, verifier);
    run_on(&mount->conn, status);
}

static void nothing_has_the_name_before_the_verifier(void **state)
{
    uint32_t xid;

    (void)state;
    dir = durable_dir("sync");
    begin_create(&alice, "a", 1);
    disk_watch_hold(watch, DISK_SYNCS);
    xid = durable_send(&alice.conn);
    durable_held(1);
    assert_int_equal(disk_watch_last(watch)->call, DISK_STAMP);
    assert_false(there("new"));
    durable_pass();
    assert_int_equal(disk_watch_last(watch)->call, DISK_NAME);
    assert_false(there("new"));
    /* Let both syncs pass: that of the directory, and that of the file, whose times hold the
     * verifier. */
    durable_pass();
    assert_int_equal(disk_watch_last(watch)->call, DISK_FSYNC);
    assert_string_equal(disk_watch_last(watch)->path, durable_note(""));
    durable_pass();
    assert_int_equal(disk_watch_last(watch)->call, DISK_FSYNC);
    assert_false(durable_answered(&alice.conn));
    disk_watch_let_go(watch);
    durable_receive(&alice.conn, xid, NFS4_OK);
    create_is(&bob, "b", 2, NFS4ERR_EXIST);
}

/* The retry proves as much as the first request only if the change is on disk. */
static void a_retry_is_synced_too(void **state)
{
    (void)state;
    dir = durable_dir("sync");
    create_is(&alice, "a retry", 1, NFS4_OK);
    disk_watch_reset(watch);
    create_is(&bob, "b retry", 1, NFS4_OK);
    assert_int_equal(disk_watch_count(watch, DISK_FSYNC, durable_note("")), 1);
}

static void a_verifier_that_fails_leaves_no_name(void **state)
{
    (void)state;
    dir = durable_dir("sync");
    disk_watch_fail(watch, DISK_STAMP, NULL, 1);
    create_is(&alice, "a fails", 1, NFS4ERR_IO);
    assert_false(there("new"));
    create_is(&alice, "a fails", 1, NFS4_OK);
}

static void a_name_that_fails_leaves_nothing(void **state)
{
    (void)state;
    dir = durable_dir("sync");
    disk_watch_fail(watch, DISK_NAME, durable_note(""), 1);
    create_is(&alice, "a unnamed", 1, NFS4ERR_IO);
    assert_false(there("new"));
    create_is(&alice, "a unnamed", 1, NFS4_OK);
}

/* The server dies when the file is half made. */
static void a_crash_leaves_no_name(void **state)
{
    static const enum disk_call before[] = {DISK_STAMP, DISK_NAME};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
        dir = durable_dir("sync");
        begin_create(&alice, "a crash", 1);
        disk_watch_hold(watch, DISK_SYNCS);
        (void)durable_send(&alice.conn);
        durable_held(1);
        while (disk_watch_last(watch)->call != before[i])
            durable_pass();
        test_server_kill(&script_server);
        assert_false(there("new"));
        atomic_store(&watch->held, 0); /* together with the waiting requests */
        disk_watch_reset(watch);
        durable_restart();
        create_is(&alice, "a crash", 1, NFS4_OK);
        create_is(&bob, "b crash", 2, NFS4ERR_EXIST);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_has_the_name_before_the_verifier),
        cmocka_unit_test(a_retry_is_synced_too),
        cmocka_unit_test(a_verifier_that_fails_leaves_no_name),
        cmocka_unit_test(a_name_that_fails_leaves_nothing),
        cmocka_unit_test(a_crash_leaves_no_name),
    };

    return test_group_run_fixtures(tests, durable_setup_ext4, script_teardown);
}
