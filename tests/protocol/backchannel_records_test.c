/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls and replies of both directions on one connection: each record is recognized however it
 * arrives, and records never mix.
 */
#include <string.h>
#include <sys/socket.h>

#include "backchannel.h"

enum {
    READ_BYTES = 1 << 20,
    READS = 4,
    LOAD_READS = 16,
    LOAD_READ_BYTES = 256 << 10,
    LOAD_CLIENTS = 4,
    LOAD_FILES = 32
};

static struct client_file big; /* of alice; READ_BYTES of a pattern */

static uint8_t pattern(size_t at)
{
    return (uint8_t)(at * 7 + at / 251);
}

static void big_make(void)
{
    uint8_t *data = must_malloc(READ_BYTES);
    uint32_t written;

    for (size_t i = 0; i < READ_BYTES; i++)
        data[i] = pattern(i);
    expect_status(
        client_file_open(&alice, &dir,
                         &(struct client_open){
                             .owner = "big",
                             .access = OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                             .name = "big",
                             .create = true,
                             .how = GUARDED4,
                             .mode = 0666,
                         },
                         &big),
        NFS4_OK);
    for (uint32_t done = 0; done < READ_BYTES; done += written)
        expect_status(client_file_write(&alice, &big, done, UNSTABLE4, data + done,
                                        READ_BYTES - done, &written),
                      NFS4_OK);
    free(data);
}

static int setup(void **state)
{
    static const char *const options[] = {"--threads", "4", NULL};

    (void)state;
    if (backchannel_setup(10, options) != 0)
        return -1;
    big_make();
    return 0;
}

/* ---- one record after the other ---- */

static size_t put_record(uint8_t *at, const void *data, size_t len)
{
    rpc_record_mark_put(at, (uint32_t)len, true);
    memcpy(at + RPC_RECORD_MARK_BYTES, data, len);
    return RPC_RECORD_MARK_BYTES + len;
}

static size_t put_null_call(uint8_t *at, struct client_conn *conn, uint32_t *xid)
{
    uint8_t call[CLIENT_CALL_HEADER_BYTES];
    size_t len;

    *xid = ++conn->xid;
    len = client_call_encode(&conn->cred, *xid, NFS4_PROGRAM, NFS_V4, NFSPROC4_NULL, NULL, 0, call,
                             sizeof(call));
    assert_true(len > 0);
    return put_record(at, call, len);
}

static void expect_null_reply(struct client_conn *conn, uint32_t xid)
{
    struct client_reply reply;

    assert_int_equal(client_call_receive(conn, xid, &reply), CLIENT_OK);
    client_reply_free(&reply);
}

static void expect_served(struct client_conn *conn)
{
    assert_int_equal(client_call_null(conn), CLIENT_OK);
}

/* Recall a file, and hold the answer back. */
static struct client_held *hold(struct holder *holder, const char *name, struct client_file *file)
{
    holder->mount.conn.behaviour = (struct client_behaviour){.act = CLIENT_ACT_HOLD, .times = 1};
    *file = holder_contended(holder, &dir, name);
    holder_pump_until(holder, holder->callbacks->held_count == 1);
    return &holder->callbacks->held[0];
}

static void held_is_sent(struct holder *holder)
{
    holder->callbacks->held[0].slot->open = 0;
    holder->callbacks->held_count = 0;
}

/* The reply was accepted: the next callback has the next sequence id. */
static void expect_taken(struct holder *holder, struct client_file *file, const char *name)
{
    struct client_file next = holder_contended(holder, &dir, name);
    const struct client_callback *cb =
        client_callback_at(holder->callbacks, holder_wait_recall(holder, &next));

    assert_int_equal(cb->sequence.csa_slotid, 0);
    assert_int_equal(cb->sequence.csa_sequenceid, 2);
    assert_int_equal(cb->fate, CLIENT_CALLBACK_EXECUTED);
    holder_finish(holder, file);
    holder_finish(holder, &next);
    holder_close(holder);
}

static void open_one_slot(struct holder *holder)
{
    struct client_session_wish wish = client_session_wish_default(NULL);

    wish.back.ca_maxrequests = 1;
    holder_open_as(holder, &wish);
}

/* S22-24, S22A-02: a CALL, a REPLY and a CALL, in pieces of that many bytes. */
static void interleaved(size_t piece, const char *name, const char *next)
{
    struct client_conn *conn;
    struct client_held *held;
    struct client_file file;
    struct holder holder;
    uint8_t bytes[2048];
    uint32_t xids[2];
    size_t len;

    open_one_slot(&holder);
    conn = &holder.mount.conn;
    held = hold(&holder, name, &file);
    len = put_null_call(bytes, conn, &xids[0]);
    len += put_record(bytes + len, held->reply, held->len);
    len += put_null_call(bytes + len, conn, &xids[1]);
    for (size_t at = 0; at < len; at += piece)
        assert_int_equal(
            client_conn_send_raw(conn, bytes + at, len - at < piece ? len - at : piece), CLIENT_OK);
    held_is_sent(&holder);
    expect_null_reply(conn, xids[0]);
    expect_null_reply(conn, xids[1]);
    expect_taken(&holder, &file, next);
}

static void interleaved_at_once(void **state)
{
    (void)state;
    interleaved(2048, "at once", "at once, next");
}

static void interleaved_bit_by_bit(void **state)
{
    (void)state;
    interleaved(3, "bit by bit", "bit by bit, next");
}

/* A reply in fragments, down to one byte each. */
static void fragmented(void **state)
{
    struct client_file file;
    struct holder holder;

    (void)state;
    open_one_slot(&holder);
    (void)hold(&holder, "fragmented", &file);
    holder.mount.conn.behaviour.fragment_bytes = 1;
    assert_int_equal(client_callback_release(&holder.mount.conn, false), CLIENT_OK);
    holder.mount.conn.behaviour.fragment_bytes = 40;
    expect_taken(&holder, &file, "fragmented, next");
}

static void send_reply(struct client_conn *conn, uint32_t xid)
{
    struct rpc_reply_header header = {
        .xid = xid, .stat = MSG_ACCEPTED, .accept_stat = ACCEPT_SUCCESS};
    uint8_t bytes[64];
    struct xdr x;

    xdr_init_encode(&x, bytes, sizeof(bytes));
    wire_rpc_reply_header(&x, &header);
    assert_int_equal(client_conn_send_record(conn, bytes, xdr_pos(&x), 0), CLIENT_OK);
}

/* S22-24: an answer to a call that was never made is ignored; the real answer to the outstanding
 * call is still accepted, once. */
static void unknown_xids(void **state)
{
    struct client_held *held;
    struct client_file file;
    struct holder holder;
    uint32_t xid;

    (void)state;
    open_one_slot(&holder);
    held = hold(&holder, "unknown", &file);
    xid = client_callback_at(holder.callbacks, 0)->xid;
    for (uint32_t i = 1; i < 10; i++)
        send_reply(&holder.mount.conn, xid + i);
    expect_served(&holder.mount.conn);
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(client_conn_send_record(&holder.mount.conn, held->reply, held->len, 0),
                         CLIENT_OK);
    held_is_sent(&holder);
    expect_served(&holder.mount.conn);
    expect_taken(&holder, &file, "unknown, next");
}

/* S22-24, S22-31: an answer is ignored on a connection that did not carry the call, even with its
 * xid. */
static void replies_over_other_connections(void **state)
{
    struct client_conn stranger, fore;
    struct client_file file;
    struct holder holder;
    uint32_t xid;

    (void)state;
    open_one_slot(&holder);
    (void)hold(&holder, "other", &file);
    xid = client_callback_at(holder.callbacks, 0)->xid;
    script_connect(&stranger); /* bound to no session */
    send_reply(&stranger, xid);
    expect_served(&stranger);
    client_conn_close(&stranger);
    script_connect(&fore); /* bound to the session's fore channel */
    (void)holder_speak(&holder, &fore);
    send_reply(&fore, xid);
    expect_served(&fore);
    client_conn_close(&fore);
    send_reply(&bob.conn, xid); /* bound to another client's back channel */
    expect_served(&bob.conn);
    assert_int_equal(client_callback_release(&holder.mount.conn, false), CLIENT_OK);
    expect_taken(&holder, &file, "other, next");
}

/* S22-31: a late answer of the client goes over the next connection. */
static void an_old_reply_over_a_new_connection(void **state)
{
    struct client_held held;
    struct client_file file;
    struct client_conn *conn;
    struct holder holder;

    (void)state;
    open_one_slot(&holder);
    held = *hold(&holder, "late", &file);
    conn = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    conn->behaviour = (struct client_behaviour){.act = CLIENT_ACT_HOLD, .times = 1};
    client_conn_abort(&holder.mount.conn);
    holder_pump_until(&holder, holder.callbacks->count == 2);
    assert_int_equal(client_conn_send_record(conn, held.reply, held.len, 0), CLIENT_OK);
    expect_served(conn);
    assert_int_equal(client_callback_release(conn, false), CLIENT_OK);
    expect_served(conn);
    holder.callbacks->held_count = 0;
    holder_move(&holder, conn);
    expect_taken(&holder, &file, "late, next");
}

/* S22A-08: records too short to tell their type. Whatever happens to their connection, nothing else
 * is harmed, and the callback is repeated. */
static void short_records(void **state)
{
    struct client_file file;
    struct holder holder;

    (void)state;
    for (size_t len = 0; len < 12; len++) {
        struct client_conn conn;

        script_connect(&conn);
        assert_int_equal(client_conn_send_record(&conn, "\0\0\0\1\0\0\0\1\0\0\0\0", len, 0),
                         CLIENT_OK);
        client_conn_close(&conn);
    }
    open_one_slot(&holder);
    (void)hold(&holder, "short", &file);
    assert_int_equal(client_conn_send_record(&holder.mount.conn, "\0\0\0\1", 4, 0), CLIENT_OK);
    (void)client_conn_wait_close(&holder.mount.conn, 1000);
    client_conn_close(&holder.mount.conn);
    holder.callbacks->held_count = 0;
    holder_reconnect(&holder, CDFC4_FORE_OR_BOTH);
    assert_int_equal(holder_wait(&holder, OP_CB_RECALL, 1), 1);
    assert_int_equal(client_callback_at(holder.callbacks, 1)->fate, CLIENT_CALLBACK_RETRIED);
    expect_taken(&holder, &file, "short, next");
}

/* ---- large amounts ---- */

/* An outstanding READ. */
struct reading {
    struct client_compound c;
    uint32_t xid;
};

static void reading_send(struct reading *reading, struct holder *holder, uint32_t slot,
                         uint32_t bytes)
{
    client_compound_begin_slot(&reading->c, &holder->mount.session, slot, false);
    client_op_putfh(&reading->c, &big.fh);
    client_op_read(&reading->c, &client_stateid_anonymous, 0, bytes);
    assert_int_equal(client_compound_send(&holder->mount.conn, &reading->c, &reading->xid),
                     CLIENT_OK);
}

static void reading_take(struct reading *reading, struct holder *holder, uint32_t bytes)
{
    const struct wire_opaque *data;

    client_result_free(R);
    assert_int_equal(client_compound_receive(&holder->mount.conn, &reading->c, reading->xid, R),
                     CLIENT_OK);
    expect_status(R->status, NFS4_OK);
    data = &result(OP_READ)->opread.data;
    assert_int_equal(data->len, bytes);
    for (size_t i = 0; i < bytes; i++)
        if (data->data[i] != pattern(i))
            fail_msg("byte %zu is wrong", i);
    client_compound_free(&reading->c);
}

/* S22-19: only replies to earlier requests may come between the conflict and the callback, although
 * requests keep arriving. */
static void a_call_within_a_stream(void **state)
{
    struct reading readings[READS];
    struct client_file file, got;
    struct holder holder;
    uint32_t taken = 0;

    (void)state;
    open_one_slot(&holder);
    file = holder_delegated(&holder, &dir, "stream", OPEN_DELEGATE_WRITE);
    for (uint32_t i = 0; i < READS; i++)
        reading_send(&readings[i], &holder, i, READ_BYTES);
    for (uint32_t i = 0; i < 2 * READS; i++) {
        reading_take(&readings[i % READS], &holder, READ_BYTES);
        reading_send(&readings[i % READS], &holder, i % READS, READ_BYTES);
    }
    expect_status(conflict_open(&bob, &dir, "stream", &got), NFS4ERR_DELAY);
    for (; holder.callbacks->count == 0; taken++) {
        reading_take(&readings[taken % READS], &holder, READ_BYTES);
        reading_send(&readings[taken % READS], &holder, taken % READS, READ_BYTES);
    }
    assert_in_range(taken, 0, READS + 1);
    for (uint32_t i = 0; i < READS; i++)
        reading_take(&readings[(taken + i) % READS], &holder, READ_BYTES);
    holder_finish(&holder, &file);
    holder_close(&holder);
}

/* All clients request the holders' files at the same time. */
static void all_conflict(struct client_mount *mounts, const char (*names)[32])
{
    struct pending pending[LOAD_CLIENTS];

    for (uint32_t i = 0; i < LOAD_FILES; i += LOAD_CLIENTS) {
        for (uint32_t n = 0; n < LOAD_CLIENTS; n++)
            pending_open(&pending[n], &mounts[n], &dir, names[i + n]);
        for (uint32_t n = 0; n < LOAD_CLIENTS; n++)
            expect_status(pending_take(&pending[n]), NFS4ERR_DELAY);
    }
}

/* S22-25: 16 long replies stand in a queue that the client does not empty, and four event loops add
 * callbacks to it. The client parses every record. S22-08, P-03: the other clients get their
 * answers while its socket is full. */
static void whole_records_under_load(void **state)
{
    struct client_mount mounts[LOAD_CLIENTS];
    struct client_file files[LOAD_FILES];
    struct reading readings[LOAD_READS];
    char names[LOAD_FILES][32];
    struct holder holder;
    const int small = 65536;

    (void)state;
    holder_open(&holder, 1);
    for (uint32_t i = 0; i < LOAD_CLIENTS; i++)
        script_mount_v41(&mounts[i]);
    for (uint32_t i = 0; i < LOAD_FILES; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "load %u", i);
        files[i] = holder_delegated(&holder, &dir, names[i], OPEN_DELEGATE_WRITE);
    }
    (void)setsockopt(holder.mount.conn.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    for (uint32_t i = 0; i < LOAD_READS; i++)
        reading_send(&readings[i], &holder, i, LOAD_READ_BYTES);
    all_conflict(mounts, names);
    for (uint32_t i = LOAD_READS; i > 0; i--)
        reading_take(&readings[i - 1], &holder, LOAD_READ_BYTES);
    for (uint32_t i = 0; i < LOAD_FILES; i++) {
        (void)holder_wait_recall(&holder, &files[i]);
        assert_int_equal(holder_executed(&holder, &files[i]), 1);
        holder_finish(&holder, &files[i]);
    }
    for (uint32_t i = 0; i < LOAD_CLIENTS; i++)
        client_mount_close(&mounts[i]);
    holder_close(&holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interleaved_at_once),
        cmocka_unit_test(interleaved_bit_by_bit),
        cmocka_unit_test(fragmented),
        cmocka_unit_test(unknown_xids),
        cmocka_unit_test(replies_over_other_connections),
        cmocka_unit_test(an_old_reply_over_a_new_connection),
        cmocka_unit_test(short_records),
        cmocka_unit_test(a_call_within_a_stream),
        cmocka_unit_test(whole_records_under_load),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
