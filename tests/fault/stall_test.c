/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that is stopped by SIGSTOP for longer than a lease. Its clients could not renew
 * meanwhile; other clients' conflicting requests wait in its sockets, before or behind the clients'
 * own. RFC 8881 §8.3.
 */
#include <signal.h>
#include <sys/wait.h>

#include "lib/wait.h"
#include "protocol/holder.h"

enum {
    LEASE_S = 2,
    STOP_MS = 4000, /* a lease and its margin */
    RETRY_MS = 50,
    MET_MS = 500
};

static struct client_fh dir;

static int setup(void **state)
{
    const char *const options[] = {"--export", "/mem=mem:,no_root_squash", "--lease", "2", NULL};

    (void)state;
    return script_setup(options) == 0 && script_open_to_all("/mem") ? 0 : -1;
}

static void server_stop(void)
{
    int status;

    assert_int_equal(kill(script_server.pid, SIGSTOP), 0);
    assert_int_equal(waitpid(script_server.pid, &status, WUNTRACED), script_server.pid);
    assert_true(WIFSTOPPED(status));
}

/* Continue the server once it has been stopped for long enough. */
static void server_continue(void)
{
    wait_ms(STOP_MS);
    assert_int_equal(kill(script_server.pid, SIGCONT), 0);
}

static void op_lock(struct client_mount *mount, const struct client_file *file, const char *owner)
{
    begin(mount, &file->fh);
    script_op_lock_new(mount, file, owner, WRITE_LT, 0, 10);
}

static void speak(struct client_mount *mount)
{
    begin(mount, NULL);
    run(NFS4_OK);
}

/* alice has a lock that bob wants. */
static struct client_file locked, wanted;
static struct pending lock_wanted;

static void lock_set_up(void)
{
    locked = make_open(&alice, &dir, "locked");
    expect_status(client_file_open_rw(&bob, &dir, "locked", &wanted), NFS4_OK);
    op_lock(&alice, &locked, "holder");
    run(NFS4_OK);
}

/* Bob's LOCK is the first request that the server sees. */
static void lock_is_wanted(void)
{
    op_lock(&bob, &wanted, "taker");
    pending_send(&lock_wanted, &bob);
}

static void lock_is_kept(void)
{
    expect_status(pending_take(&lock_wanted), NFS4ERR_DENIED);
    /* The timer may have run meanwhile. */
    speak(&alice);
    op_lock(&bob, &wanted, "taker");
    run(NFS4ERR_DENIED);
    script_read_is(&alice, &locked, NFS4_OK);
    expect_status(client_file_close(&alice, &locked), NFS4_OK);
    expect_status(client_file_close(&bob, &wanted), NFS4_OK);
}

/* The holder was recalled before the stall, and answers after another request has met the
 * delegation. */
static struct holder holder;
static struct client_file delegated;
static struct client_mount carol;
static struct pending met;

static void delegation_set_up(void)
{
    script_mount_v41(&carol);
    holder_open(&holder, 1);
    delegated = holder_contended(&holder, &dir, "delegated");
    holder_wait_recall(&holder, &delegated);
}

static void delegation_is_met(void)
{
    pending_open(&met, &carol, &dir, "delegated");
}

static void delegation_is_not_revoked(void)
{
    struct client_file file;
    enum nfsstat4 status;

    /* The request may be parked. */
    for (int ms = 0; ms < MET_MS && !pending_is_answered(&met); ms += RETRY_MS)
        wait_ms(RETRY_MS);
    holder_finish(&holder, &delegated);
    status = pending_take(&met);
    assert_true(status == NFS4_OK || status == NFS4ERR_DELAY);
    expect_status(conflict_insist(&carol, &dir, "delegated", &holder, &file), NFS4_OK);
    client_mount_close(&carol);
    holder_close(&holder);
}

/* A client that does not come back: its lease ends too, but later. */
static struct client_mount silent;
static const struct client_open all_of_it = {.owner = "o",
                                             .name = "shared",
                                             .access = OPEN4_SHARE_ACCESS_BOTH,
                                             .deny = OPEN4_SHARE_DENY_BOTH};

static void share_set_up(void)
{
    struct client_file file;

    make_file(&alice, &dir, "shared");
    script_mount_v41(&silent);
    expect_status(client_file_open(&silent, &dir, &all_of_it, &file), NFS4_OK);
}

static void share_ends_later(int64_t woken_ms)
{
    struct client_file file;
    enum nfsstat4 status;

    while ((status = client_file_open(&bob, &dir, &all_of_it, &file)) == NFS4ERR_SHARE_DENIED ||
           status == NFS4ERR_DELAY)
        wait_ms(RETRY_MS);
    expect_status(status, NFS4_OK);
    assert_true(wait_now_ms() - woken_ms >= LEASE_S * 1000);
    client_mount_close(&silent);
}

static void stopped_server(void **state)
{
    int64_t woken_ms;

    (void)state;
    dir = script_dir("/mem");
    share_set_up();
    delegation_set_up();
    lock_set_up();
    server_stop();
    lock_is_wanted();
    delegation_is_met();
    server_continue();
    woken_ms = wait_now_ms();
    lock_is_kept();
    delegation_is_not_revoked();
    share_ends_later(woken_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(stopped_server)};

    return test_group_run_fixtures(tests, setup, script_teardown);
}
