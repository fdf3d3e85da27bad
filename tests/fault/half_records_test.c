/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that never arrive whole take bounded memory for a bounded time, and other clients'
 * requests do not suffer.
 */
#include <string.h>
#include <unistd.h>

#include "lib/wait.h"
#include "protocol/log_lines.h"
#include "protocol/script.h"
#include "protocol/set_range.h"
#include "stranger.h"

enum {
    CONNECTIONS = 1500,
    KEPT_DESCRIPTORS = 64, /* descriptors of the server and the test for other purposes */
    BUDGET_MIB = 64,
    /* A sanitizer additionally keeps freed memory. */
    GROWTH_BYTES = 450 << 20,
};

static uint8_t record[LIMIT_RPC_RECORD_BYTES];
static int fds[CONNECTIONS];

static int setup(void **state)
{
    static const char *const options[] = {
        "--export", "/mem=mem:,no_root_squash",         "--set", "nfs.delegations=0",
        "--set",    "transport.max_half_record_mib=64", NULL};

    (void)state;
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

/* Over the mount's own connection, or another one. */
static void ask(struct client_conn *conn)
{
    begin(&alice, NULL);
    client_op_putrootfh(C);
    run_on(conn, NFS4_OK);
}

/* As many as the descriptors of both sides allow. */
static unsigned connections_max(void)
{
    long most = sysconf(_SC_OPEN_MAX) - KEPT_DESCRIPTORS;

    return most < CONNECTIONS ? (unsigned)most : CONNECTIONS;
}

/* Send all but the last byte of the longest record on each connection. */
static unsigned flood(unsigned count)
{
    size_t sent[CONNECTIONS] = {0};
    unsigned busy = count, closed = 0;

    for (unsigned i = 0; i < count; i++)
        stranger_send_mark(fds[i], sizeof(record));
    for (unsigned round = 0; busy > 0; round++) {
        busy = 0;
        for (unsigned i = 0; i < count; i++) {
            size_t left = sizeof(record) - 1 - sent[i];
            long n = fds[i] >= 0 && left > 0 ? stranger_send(fds[i], record, left) : 0;

            if (n < 0) {
                (void)close(fds[i]);
                fds[i] = -1;
                closed++;
            } else {
                sent[i] += (size_t)n;
                busy += fds[i] >= 0 && sent[i] < sizeof(record) - 1;
            }
        }
        ask(NULL);
    }
    return closed;
}

/* A valid request of the same length. */
static void write_large(const struct client_fh *fh, const struct client_file *file)
{
    begin(&bob, fh);
    client_op_write(C, &file->stateid, 0, FILE_SYNC4, record, LIMIT_WRITE_BYTES);
    run(NFS4_OK);
}

/* Connections that are half a record or were closed; the server refuses those beyond its
 * descriptors. */
static uint64_t accounted(void)
{
    static const char *const keys[] = {"refused", "displaced", "half_records_evicted",
                                       "half_records"};
    uint64_t sum = 0;

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        sum += stranger_stat("daemon.transport", keys[i]);
    return sum;
}

/* Without the bound, 1,500 half records took 1.5 GiB. */
static void memory_is_bounded(void **unused)
{
    uint64_t before = stranger_server_bytes();
    struct client_fh dir = script_dir(script_mem);
    struct client_file file = make_open(&bob, &dir, "written");
    unsigned count = stranger_connect_many("127.0.0.1", fds, connections_max());

    (void)unused;
    assert_true(count > BUDGET_MIB * 2);
    flood(count);
    /* The server still accepts, and reads what its sockets have taken. */
    wait_until_every(10, accounted() >= count);
    assert_in_range(stranger_stat("daemon.transport", "half_records_evicted"), 1, count);
    assert_in_range(stranger_stat("daemon.transport", "half_record_bytes"), 1,
                    BUDGET_MIB * 1048576ull);
    assert_in_range(stranger_server_bytes(), 1, before + GROWTH_BYTES);
    for (int i = 0; i < 20; i++)
        write_large(&file.fh, &file);
    /* Also where others were refused, for lack of descriptors. */
    wait_until(log_find("transport.half_record_evicted", NULL).count > 0);
    stranger_close_all(fds, count);
    wait_until_every(100, stranger_stat("daemon.transport", "half_records") == 0);
}

/* A valid request arrives more slowly than the half records of a hostile address grow. */
static void others_pay_nothing(void **unused)
{
    uint64_t evicted = stranger_stat("daemon.transport", "half_records_evicted");
    int slow = stranger_connect("127.0.0.1");
    unsigned count;

    (void)unused;
    stranger_send_mark(slow, sizeof(record));
    assert_true(stranger_send(slow, record, 64 << 10) > 0);
    wait_until_every(10, stranger_stat("daemon.transport", "half_records") == 1);
    count = stranger_connect_many("127.0.0.3", fds, 3 * BUDGET_MIB);
    assert_int_equal(count, 3 * BUDGET_MIB);
    flood(count);
    wait_until_every(10, stranger_stat("daemon.transport", "half_records_evicted") > evicted);
    assert_false(stranger_is_closed(slow));
    (void)close(slow);
    stranger_close_all(fds, count);
    wait_until_every(100, stranger_stat("daemon.transport", "half_records") == 0);
}

/* The server waits the configured time for a record that does not grow, and a second longer for
 * every 16 KiB of one that does. Connections between two records are left alone. */
static void time_is_bounded(void **unused)
{
    const size_t part = 256 << 10;
    struct client_conn quiet;
    int few, many;

    (void)unused;
    set_setting("transport.record_timeout_s", 1);
    script_connect(&quiet);
    few = stranger_connect("127.0.0.1");
    many = stranger_connect("127.0.0.1");
    stranger_send_mark(few, 100);
    assert_int_equal(stranger_send(few, record, 99), 99);
    stranger_send_mark(many, sizeof(record));
    for (size_t sent = 0; sent < part;) {
        long n = stranger_send(many, record, part - sent);

        assert_true(n >= 0);
        sent += (size_t)n;
    }
    wait_until(stranger_is_closed(few));
    assert_false(stranger_is_closed(many));
    assert_true(stranger_stat("daemon.transport", "half_records_late") == 1);
    wait_until(log_find("transport.half_record_late", NULL).count == 1);
    assert_int_equal(stranger_stat("daemon.transport", "half_records"), 1);
    ask(NULL);
    ask(&quiet);
    client_conn_close(&quiet);
    (void)close(few);
    (void)close(many);
    set_setting("transport.record_timeout_s", 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(others_pay_nothing),
        cmocka_unit_test(time_is_bounded),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
