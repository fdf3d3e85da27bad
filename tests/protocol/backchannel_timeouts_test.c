/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection over which no proper answer comes within the timeout is given up, and the callback
 * is repeated unchanged over another one. The client keeps its delegation if it answers there.
 * S22-D2, S22-10, W07.
 */
#include <poll.h>
#include <sys/socket.h>

#include "backchannel.h"

enum {
    READ_BYTES = 1 << 20,
    READS = 8
};

static struct client_file big; /* of alice, and READ_BYTES long */

static void big_make(void)
{
    struct nfs4_attrs attrs = {.size = READ_BYTES};

    big = make_open(&alice, &dir, "big");
    expect_status(client_file_setattr(&alice, &big.fh, CLIENT_BITS(FATTR4_SIZE), &attrs), NFS4_OK);
    expect_status(client_file_close(&alice, &big), NFS4_OK);
}

static int setup(void **state)
{
    static const char *const options[] = {"--set", "nfs.callback_timeout_ms=500", NULL};

    (void)state;
    if (backchannel_setup(10, options) != 0)
        return -1;
    big_make();
    return 0;
}

struct silence {
    const char *name;
    enum client_act act;
    enum client_callback_fate again;
};

static void given_up(void **state)
{
    const struct silence *silence = *state;
    const struct client_callback *first, *again;
    struct client_conn *other;
    struct client_file file;
    struct holder holder;

    holder_open(&holder, 1);
    other = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    (void)holder_speak(&holder, &holder.mount.conn);
    holder.mount.conn.behaviour.act = silence->act;
    file = holder_contended(&holder, &dir, silence->name);
    holder_pump_until(&holder, holder.callbacks->count == 2);
    first = client_callback_at(holder.callbacks, 0);
    again = client_callback_at(holder.callbacks, 1);
    assert_true(again->over == other->serial);
    assert_int_equal(again->fate, silence->again);
    assert_int_equal(again->sequence.csa_slotid, first->sequence.csa_slotid);
    assert_int_equal(again->sequence.csa_sequenceid, first->sequence.csa_sequenceid);
    holder_pump_until(&holder, holder.mount.conn.fd < 0); /* the server has closed it */
    holder_move(&holder, other);
    holder_finish(&holder, &file);
    conflict_over(&dir, silence->name);
    assert_int_equal(holder_executed(&holder, &file), 1);
    holder_close(&holder);
}

/* The holder stops reading from its first connection: the callback comes over the other one like a
 * first one, and the silent connection is closed. */
static void expect_elsewhere(struct holder *holder, struct client_conn *other,
                             struct client_file *file, const char *name)
{
    struct client_conn deaf = holder->mount.conn;
    const struct client_callback *cb;

    list_init(&deaf.stash);
    holder->mount.conn.fd = -1; /* no longer read by the test */
    assert_int_equal(holder_wait_recall(holder, file), 0);
    cb = client_callback_at(holder->callbacks, 0);
    assert_true(cb->over == other->serial);
    assert_int_equal(cb->sequence.csa_slotid, 0);
    assert_int_equal(cb->sequence.csa_sequenceid, 1);
    assert_int_equal(client_conn_wait_close(&deaf, SCRIPT_TIMEOUT_MS), CLIENT_CLOSED);
    client_conn_close(&deaf);
    holder_move(holder, other);
    holder_finish(holder, file);
    conflict_over(&dir, name);
    holder_close(holder);
}

/* The same for a client that does not even read. */
static void unread(void **state)
{
    struct client_conn *other;
    struct client_file file;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    other = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    (void)holder_speak(&holder, &holder.mount.conn);
    file = holder_contended(&holder, &dir, "unread");
    expect_elsewhere(&holder, other, &file, "unread");
}

/* Unread replies, more than a socket buffers. */
static void ask_for_much(struct holder *holder)
{
    struct client_conn *conn = &holder->mount.conn;
    struct pollfd ready = {.fd = conn->fd, .events = POLLIN};
    const int small = 65536;
    uint32_t xid;

    (void)setsockopt(conn->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    for (uint32_t slot = 1; slot <= READS; slot++) {
        struct client_compound c;

        client_compound_begin_slot(&c, &holder->mount.session, slot, false);
        client_op_putfh(&c, &big.fh);
        client_op_read(&c, &client_stateid_anonymous, 0, READ_BYTES);
        assert_int_equal(client_compound_send(conn, &c, &xid), CLIENT_OK);
        client_compound_free(&c);
    }
    assert_int_equal(poll(&ready, 1, SCRIPT_TIMEOUT_MS), 1);
}

/* P-03, S22-08: a holder whose socket is full of replies. bob is answered nevertheless. */
static void unread_behind_replies(void **state)
{
    struct client_file file, got;
    struct client_conn *other;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    other = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    file = holder_delegated(&holder, &dir, "replies", OPEN_DELEGATE_WRITE);
    ask_for_much(&holder);
    expect_status(conflict_open(&bob, &dir, "replies", &got), NFS4ERR_DELAY);
    expect_elsewhere(&holder, other, &file, "replies");
}

static struct silence silences[] = {
    {"not answered", CLIENT_ACT_IGNORE, CLIENT_CALLBACK_EXECUTED},
    {"executed and not answered", CLIENT_ACT_HOLD, CLIENT_CALLBACK_RETRIED},
    {"garbage", CLIENT_ACT_GARBAGE, CLIENT_CALLBACK_RETRIED},
    {"another xid", CLIENT_ACT_WRONG_XID, CLIENT_CALLBACK_RETRIED},
    {"a short record", CLIENT_ACT_SHORT, CLIENT_CALLBACK_RETRIED},
};

int main(void)
{
    struct CMUnitTest tests[2 + ARRAY_SIZE(silences)] = {cmocka_unit_test(unread),
                                                         cmocka_unit_test(unread_behind_replies)};

    for (size_t i = 0; i < ARRAY_SIZE(silences); i++)
        tests[2 + i] = (struct CMUnitTest){silences[i].name, given_up, NULL, NULL, &silences[i]};
    return test_group_run_fixtures(tests, setup, script_teardown);
}
