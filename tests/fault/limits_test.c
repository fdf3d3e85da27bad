/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each limit on resources that strangers can take, set while the server runs: it applies to live
 * traffic, counters count the refusals, and neighbours are still served.
 */
#include <signal.h>
#include <unistd.h>

#include "lib/wait.h"
#include "protocol/log_lines.h"
#include "protocol/script.h"
#include "protocol/set_range.h"
#include "stranger.h"

enum {
    UNREAD_BYTES = 1 << 20,
    UNREAD_READS = 8, /* more than a socket buffers */
    HOARDERS = 6,
    CROWD = 640,
    NEWCOMERS = 36, /* no more than a sixteenth */
};

static int setup(void **state)
{
    static const char *const options[] = {"--export", "/mem=mem:,no_root_squash", "--set",
                                          "nfs.delegations=0", NULL};

    (void)state;
    if (script_setup(options) != 0)
        return -1;
    return script_open_to_all(script_mem) ? 0 : -1;
}

/* A neighbour is served. */
static void expect_service(void)
{
    begin(&bob, NULL);
    client_op_putrootfh(C);
    run(NFS4_OK);
}

static uint64_t transport_figure(const char *key)
{
    return stranger_stat("daemon.transport", key);
}

/* ---- connections ---- */

static void connections(void **unused)
{
    uint64_t now = transport_figure("connections"), refused = transport_figure("refused");
    int first, second, third;

    (void)unused;
    set_setting("transport.max_connections", (uint32_t)now + 1);
    first = stranger_connect("127.0.0.1");
    wait_until(transport_figure("connections") == now + 1);
    second = stranger_connect("127.0.0.1");
    wait_until(stranger_is_closed(second));
    assert_false(stranger_is_closed(first));
    assert_int_equal(transport_figure("refused"), refused + 1);
    expect_service();
    /* A connection from an address that has fewer of them displaces one that serves no client. */
    third = stranger_connect("127.0.0.2");
    wait_until(stranger_is_closed(first));
    wait_until(transport_figure("connections") == now + 1);
    assert_false(stranger_is_closed(third));
    assert_int_equal(transport_figure("displaced"), 1);
    assert_int_equal(log_find("transport.displaced", NULL).count, 1);
    assert_int_equal(transport_figure("refused"), refused + 1);
    expect_service();
    (void)close(first);
    (void)close(second);
    (void)close(third);
    set_setting("transport.max_connections", 65536);
    wait_until(transport_figure("connections") == now);
}

/* Many connections that arrive at once are all accepted: those that they displace need not be gone
 * yet. */
static void newcomers_at_once(void **unused)
{
    uint64_t now = transport_figure("connections"), refused = transport_figure("refused");
    int crowd[CROWD], fds[NEWCOMERS];
    unsigned inside = 0;

    (void)unused;
    set_setting("transport.max_connections", CROWD);
    assert_int_equal(stranger_connect_many("127.0.0.3", crowd, CROWD), CROWD);
    wait_until(transport_figure("refused") > refused && stranger_is_closed(crowd[CROWD - 1]));
    assert_int_equal(kill(script_server.pid, SIGSTOP), 0);
    assert_int_equal(stranger_connect_many("127.0.0.4", fds, NEWCOMERS), NEWCOMERS);
    assert_int_equal(kill(script_server.pid, SIGCONT), 0);
    wait_until_every(10, transport_figure("displaced") >= NEWCOMERS);
    for (int i = 0; i < NEWCOMERS; i++)
        inside += !stranger_is_closed(fds[i]);
    assert_int_equal(inside, NEWCOMERS);
    expect_service();
    stranger_close_all(crowd, CROWD);
    stranger_close_all(fds, NEWCOMERS);
    set_setting("transport.max_connections", 65536);
    wait_until(transport_figure("connections") == now);
}

/* A connection from another address is still accepted. */
static void connections_of_an_address(void **unused)
{
    uint64_t addresses = transport_figure("addresses");
    int fds[3];

    (void)unused;
    set_setting("transport.max_connections_per_address", 2);
    fds[0] = stranger_connect("127.0.0.3");
    fds[1] = stranger_connect("127.0.0.3");
    fds[2] = stranger_connect("127.0.0.3");
    wait_until(stranger_is_closed(fds[2]));
    assert_int_equal(transport_figure("refused_address"), 1);
    assert_int_equal(transport_figure("addresses"), addresses + 1);
    (void)close(fds[2]);
    fds[2] = stranger_connect("127.0.0.4");
    wait_until(transport_figure("addresses") == addresses + 2);
    for (int i = 0; i < 3; i++)
        assert_false(stranger_is_closed(fds[i]));
    expect_service();
    stranger_close_all(fds, 3);
    set_setting("transport.max_connections_per_address", 16384);
    wait_until(transport_figure("addresses") == addresses);
}

/* A connection that never sent anything is closed, one with a session is not. */
static void idle_connections(void **unused)
{
    struct client_conn bound;
    int fd;

    (void)unused;
    script_connect(&bound);
    begin(&bob, NULL);
    run_on(&bound, NFS4_OK);
    fd = stranger_connect("127.0.0.1");
    set_setting("transport.idle_timeout_s", 1);
    wait_until_every(10, stranger_is_closed(fd));
    assert_true(transport_figure("idle_closed") >= 1);
    assert_true(log_find("transport.idle", NULL).count >= 1);
    begin(&bob, NULL);
    run_on(&bound, NFS4_OK);
    expect_service();
    client_conn_close(&bound);
    (void)close(fd);
    set_setting("transport.idle_timeout_s", 60);
}

/* ---- unread replies ---- */

static struct client_file unread_file;
static struct client_fh unread_dir;

static void unread_make(void)
{
    static uint8_t data[UNREAD_BYTES];

    if (unread_file.fh.len > 0)
        return;
    unread_dir = script_dir(script_mem);
    unread_file = make_open(&alice, &unread_dir, "unread");
    begin(&alice, &unread_file.fh);
    client_op_write(C, &unread_file.stateid, 0, FILE_SYNC4, data, sizeof(data));
    run(NFS4_OK);
}

/* A session whose replies stay unread. */
static void hoard(struct client_mount *mount)
{
    struct client_compound compound = {0};
    uint32_t xid;

    script_mount_v41(mount);
    for (uint32_t slot = 0; slot < UNREAD_READS; slot++) {
        client_compound_begin_slot(&compound, &mount->session, slot, false);
        client_op_putfh(&compound, &unread_file.fh);
        client_op_read(&compound, &(struct stateid4){0}, 0, UNREAD_BYTES);
        assert_int_equal(client_compound_send(&mount->conn, &compound, &xid), CLIENT_OK);
        client_compound_free(&compound);
    }
}

static void release(struct client_mount *mounts, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        client_conn_close(&mounts[i].conn);
        client_mount_close(&mounts[i]);
    }
    wait_until_every(10, transport_figure("unsent_bytes") == 0);
}

static void unread_replies_by_time(void **unused)
{
    struct client_mount mount;

    (void)unused;
    unread_make();
    hoard(&mount);
    wait_until_every(10, transport_figure("unsent_bytes") > 0);
    set_setting("transport.send_timeout_s", 1);
    wait_until_every(100, transport_figure("unsent_late") == 1);
    assert_int_equal(log_find("transport.unsent_late", NULL).count, 1);
    expect_service();
    set_setting("transport.send_timeout_s", 60);
    release(&mount, 1);
}

/* The limit is on the sum over all connections; a neighbour that reads its replies is not cut
 * off. */
static void unread_replies_by_memory(void **unused)
{
    const uint64_t limit = 4u << 20;
    struct client_mount mounts[HOARDERS];

    (void)unused;
    unread_make();
    set_setting("transport.max_unsent_mib", limit >> 20);
    for (unsigned i = 0; i < HOARDERS; i++)
        hoard(&mounts[i]);
    wait_until_every(10, transport_figure("unsent_evicted") > 0);
    wait_until_every(10, transport_figure("unsent_bytes") <= limit);
    assert_true(log_find("transport.unsent_evicted", NULL).count > 0);
    for (int i = 0; i < 10; i++) {
        begin(&bob, &unread_file.fh);
        client_op_read(C, &(struct stateid4){0}, 0, UNREAD_BYTES);
        run(NFS4_OK);
    }
    set_setting("transport.max_unsent_mib", 256);
    release(mounts, HOARDERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections),
        cmocka_unit_test(newcomers_at_once),
        cmocka_unit_test(connections_of_an_address),
        cmocka_unit_test(idle_connections),
        cmocka_unit_test(unread_replies_by_time),
        cmocka_unit_test(unread_replies_by_memory),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
