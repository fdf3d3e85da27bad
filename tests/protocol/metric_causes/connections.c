/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of strangers: what comes over them, and when they are closed. */
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include "cause.h"
#include "fault/stranger.h"
#include "lib/wait.h"
#include "protocol/scrape.h"
#include "protocol/script.h"
#include "protocol/set_range.h"

enum {
    HALF_BYTES = 100,
    READS = 8, /* more than a socket buffers */
    READ_BYTES = 1 << 20
};

static const char address[] = "127.0.0.9";
static int fd, other;

/* The present sum of the series. */
static double present(const char *pattern)
{
    struct scrape now = scrape_take();
    double sum = scrape_sum(&now, pattern);

    scrape_free(&now);
    return sum;
}

static void reach(void)
{
    fd = stranger_connect(address);
    assert_true(fd >= 0);
}

static void leave(void)
{
    (void)close(fd);
}

/* A record of these words. */
static void send_words(const uint32_t *words, size_t count)
{
    uint32_t wire[16];

    assert_true(count <= ARRAY_SIZE(wire));
    for (size_t i = 0; i < count; i++)
        wire[i] = htonl(words[i]);
    stranger_send_mark(fd, (uint32_t)(count * 4));
    assert_int_equal(stranger_send(fd, wire, count * 4), count * 4);
}

static void no_message(void)
{
    send_words((const uint32_t[]){1, 7}, 2);
}

static void reply_to_nothing(void)
{
    send_words((const uint32_t[]){77, 1, 0, 0, 0, 0}, 6);
}

static void another_program(void)
{
    send_words((const uint32_t[]){1, 0, 2, 99, 1, 0, 0, 0, 0, 0}, 10);
}

static void too_long(void)
{
    stranger_send_mark(fd, LIMIT_RPC_RECORD_BYTES + 4);
}

static void half(void)
{
    static const uint8_t bytes[HALF_BYTES];

    stranger_send_mark(fd, 4096);
    assert_int_equal(stranger_send(fd, bytes, sizeof(bytes)), sizeof(bytes));
}

/* With that half the server has a record of it, before the time is short. */
static void reach_half(void)
{
    reach();
    half();
    wait_until_every(5, present("half_records") > 0);
}

static void hurry(void)
{
    set_setting("transport.record_timeout_s", 1);
}

static void no_hurry(void)
{
    set_setting("transport.record_timeout_s", LIMIT_RECORD_S);
    leave();
}

static void idle(void)
{
    set_setting("transport.idle_timeout_s", 1);
}

static void no_idle(void)
{
    set_setting("transport.idle_timeout_s", LIMIT_IDLE_CONNECTION_S);
    leave();
}

static void reach_other(void)
{
    other = stranger_connect(address);
    assert_true(other >= 0);
}

static void only_one(void)
{
    set_setting("transport.max_connections_per_address", 2); /* alice and bob have two of another */
    reach();
    reach_other();
}

static void third(void)
{
    int refused = stranger_connect(address);

    assert_true(refused >= 0);
    wait_until(stranger_is_closed(refused));
    (void)close(refused);
}

static void leave_both(void)
{
    (void)close(other);
    set_setting("transport.max_connections_per_address", LIMIT_CONNECTIONS_PER_ADDRESS);
    set_setting("transport.max_connections", LIMIT_CONNECTIONS);
    leave();
}

static void nearly_full(void)
{
    uint32_t most = (uint32_t)present("connections") + 2;

    set_setting("transport.max_connections", most);
    reach();
    reach_other();
    wait_until_every(5, present("connections") == most);
}

/* One that serves no client gives way to a newcomer from another address. */
static void newcomer(void)
{
    int come = stranger_connect("127.0.0.8");

    assert_true(come >= 0);
    wait_until(stranger_is_closed(fd) || stranger_is_closed(other));
    (void)close(come);
}

/* ---- replies that nobody reads ---- */

static struct client_mount reader;
static struct client_file unread;

static void ask_for_much(void)
{
    struct client_compound compound = {0};
    uint32_t xid;

    for (uint32_t slot = 0; slot < READS; slot++) {
        client_compound_begin_slot(&compound, &reader.session, slot, false);
        client_op_putfh(&compound, &unread.fh);
        client_op_read(&compound, &(struct stateid4){0}, 0, READ_BYTES);
        assert_int_equal(client_compound_send(&reader.conn, &compound, &xid), CLIENT_OK);
        client_compound_free(&compound);
    }
}

static void reader_comes(void)
{
    static uint8_t data[READ_BYTES];
    struct client_fh dir = script_dir(script_mem);

    unread = make_open(&alice, &dir, "unread");
    begin(&alice, &unread.fh);
    client_op_write(C, &unread.stateid, 0, FILE_SYNC4, data, sizeof(data));
    run(NFS4_OK);
    script_mount_v41(&reader);
}

static void reader_leaves(void)
{
    set_setting("transport.send_timeout_s", LIMIT_SEND_S);
    client_conn_close(&reader.conn);
    client_mount_close(&reader);
    expect_status(client_file_close(&alice, &unread), NFS4_OK);
}

static void reader_stuck(void)
{
    reader_comes();
    ask_for_much();
    wait_until_every(10, present("unsent_bytes") > 0);
}

static void reader_late(void)
{
    set_setting("transport.send_timeout_s", 1);
}

static const struct cause causes[] = {
    {.name = "a connection",
     .begin = reach,
     .end = leave,
     .moves = {"transport_accepted", "connections{kind=\"accepted\"}", "addresses",
               "process_open_fds"}},
    {.name = "its end",
     .prepare = reach,
     .begin = leave,
     .moves = {"transport_closed", "connections{kind=\"accepted\"}", "addresses"}},
    {.name = "a record that is no message",
     .prepare = reach,
     .begin = no_message,
     .end = leave,
     .moves = {"transport_bad_headers", "transport_closed", "transport_bytes_in"},
     .may = {"connections", "addresses"}},
    {.name = "a record that is too long",
     .prepare = reach,
     .begin = too_long,
     .end = leave,
     .moves = {"transport_oversize_records", "transport_closed", "transport_bytes_in"},
     .may = {"connections", "addresses"}},
    {.name = "a reply to nothing",
     .prepare = reach,
     .begin = reply_to_nothing,
     .end = leave,
     .moves = {"transport_orphan_replies", "transport_bytes_in"}},
    {.name = "a call of another program",
     .prepare = reach,
     .begin = another_program,
     .end = leave,
     .moves = {"transport_rejected", "transport_calls", "transport_replies", "transport_bytes_in",
               "transport_bytes_out"}},
    {.name = "half a record",
     .prepare = reach,
     .begin = half,
     .end = leave,
     .moves = {"half_records", "half_record_bytes", "transport_bytes_in"}},
    {.name = "half a record for too long",
     .prepare = reach_half,
     .begin = hurry,
     .end = no_hurry,
     .moves = {"transport_half_records_late", "transport_closed", "half_records",
               "half_record_bytes"},
     .may = {"connections", "addresses"}},
    {.name = "nothing for too long",
     .prepare = reach,
     .begin = idle,
     .end = no_idle,
     .moves = {"transport_idle_closed", "transport_closed"},
     .may = {"connections", "addresses"}},
    {.name = "too many connections of an address",
     .prepare = only_one,
     .begin = third,
     .end = leave_both,
     .moves = {"transport_refused_address"},
     .may = {"transport_accepted", "transport_closed", "connections"}},
    {.name = "too many connections",
     .prepare = nearly_full,
     .begin = third,
     .end = leave_both,
     .moves = {"transport_refused"},
     .may = {"transport_accepted", "transport_closed", "connections"}},
    {.name = "one more that comes from elsewhere",
     .prepare = nearly_full,
     .begin = newcomer,
     .end = leave_both,
     .moves = {"transport_displaced", "transport_accepted"},
     .may = {"transport_closed", "connections", "addresses"}},
    {.name = "replies that are not read",
     .prepare = reader_comes,
     .begin = ask_for_much,
     .end = reader_leaves,
     .requests = true,
     .moves = {"unsent_bytes", "transport_stalls", "export_read_bytes{export=\"/mem\"}"}},
    {.name = "replies that are not read for too long",
     .prepare = reader_stuck,
     .begin = reader_late,
     .end = reader_leaves,
     .requests = true,
     .moves = {"transport_unsent_late", "transport_closed", "unsent_bytes"},
     .may = {"connections", "addresses", "session_slots_in_use", "transport_dropped"}},
};

const struct cause_list cause_connections = {causes, ARRAY_SIZE(causes)};
