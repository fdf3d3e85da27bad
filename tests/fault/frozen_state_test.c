/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk of the state directory hangs while more clients need a record than there are threads
 * that may wait for one.
 */
#include <poll.h>
#include <string.h>

#include "base/limits.h"
#include "lib/disk_watch.h"
#include "lib/wait.h"
#include "protocol/script.h"

enum {
    LATE = 32, /* clients that arrive when the others already wait */
    CLIENTS = LIMIT_RECOVERY_WAITERS + LATE
};

static struct disk_watch *watch;
static struct client_mount mounts[CLIENTS];
static struct client_compound compounds[CLIENTS];
static uint32_t xids[CLIENTS];

static int setup(void **state)
{
    static const char *const options[] = {"--export", "/mem=mem:,no_root_squash", NULL};

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    watch = disk_watch_install(script_server.dir, script_server.state, 0);
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

/* Create a session, but send no RECLAIM_COMPLETE yet. */
static void come(unsigned i)
{
    struct client_session_wish wish;
    char owner[32];
    enum nfsstat4 status;

    (void)snprintf(owner, sizeof(owner), "late client %u", i);
    wish = client_session_wish_default(owner);
    wish.flags = 0;
    script_connect(&mounts[i].conn);
    assert_int_equal(
        client_session_exchange_id(&mounts[i].conn, &wish, &mounts[i].session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_int_equal(client_session_create(&mounts[i].conn, &wish, &mounts[i].session, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
}

static void complete_send(unsigned i)
{
    struct client_compound *c = &compounds[i];

    client_compound_free(c);
    client_compound_begin_slot(c, &mounts[i].session, 0, false);
    client_compound_add(c, &(struct nfs_argop4){.argop = OP_RECLAIM_COMPLETE});
    assert_int_equal(client_compound_send(&mounts[i].conn, c, &xids[i]), CLIENT_OK);
}

static bool answered(unsigned i)
{
    struct pollfd readable = {.fd = mounts[i].conn.fd, .events = POLLIN};

    return poll(&readable, 1, 0) > 0;
}

static unsigned answers(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < CLIENTS; i++)
        count += answered(i);
    return count;
}

static void complete_receive(unsigned i, enum nfsstat4 status)
{
    client_result_free(R);
    assert_int_equal(client_compound_receive(&mounts[i].conn, &compounds[i], xids[i], R),
                     CLIENT_OK);
    expect_status(R->status, status);
}

static void a_neighbour_is_served(void)
{
    struct client_fh dir = script_dir(script_mem);

    make_open(&bob, &dir, "beside");
}

static void others_go_on(void **state)
{
    bool refused[CLIENTS];

    (void)state;
    for (unsigned i = 0; i < CLIENTS; i++)
        come(i);
    disk_watch_hold(watch, DISK_SYNCS);
    for (unsigned i = 0; i < CLIENTS; i++)
        complete_send(i);
    wait_until(answers() == LATE);
    a_neighbour_is_served();
    for (unsigned i = 0; i < CLIENTS; i++) {
        refused[i] = answered(i);
        if (refused[i])
            complete_receive(i, NFS4ERR_DELAY);
    }
    disk_watch_reset(watch);
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (refused[i])
            complete_send(i);
        complete_receive(i, NFS4_OK);
    }
}

static int teardown(void **state)
{
    disk_watch_reset(watch);
    for (unsigned i = 0; i < CLIENTS; i++) {
        client_compound_free(&compounds[i]);
        client_conn_close(&mounts[i].conn);
    }
    return script_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_go_on),
    };

    return test_group_run_fixtures(tests, setup, teardown);
}
