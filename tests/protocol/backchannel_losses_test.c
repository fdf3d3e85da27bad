/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that break during a callback: it is repeated over another one, unchanged in the same
 * slot, is executed once, and the delegation stays (RFC 8881 §2.10.6.2). The client's own slot
 * table checks the sequence ids. W07, S22-D4, S22-D10, S22-26, S22A-10.
 */
#include <sys/socket.h>

#include "backchannel.h"

/* The callback came again, and is identical. */
static void expect_again(const struct holder *holder, uint32_t number,
                         const struct client_conn *over)
{
    const struct client_callback *first = back_service_call(holder, number - 1);
    const struct client_callback *again = back_service_call(holder, number);

    assert_true(again->over == over->serial);
    assert_int_equal(again->sequence.csa_slotid, first->sequence.csa_slotid);
    assert_int_equal(again->sequence.csa_sequenceid, first->sequence.csa_sequenceid);
    assert_memory_equal(again->sequence.csa_sessionid, first->sequence.csa_sessionid,
                        NFS4_SESSIONID_SIZE);
}

/* Returns the flags, over a fore connection that remains when all others are gone. */
static void wait_flags(struct holder *holder, struct client_conn *fore, uint32_t flags)
{
    wait_until(holder_speak(holder, fore) == flags);
}

static void finish(struct holder *holder, struct client_file *file, const char *name)
{
    holder_finish(holder, file);
    conflict_over(&dir, name);
    assert_int_equal(holder_executed(holder, file), 1);
    holder_close(holder);
}

/* What breaks, and whether there is another connection or the client binds one in time. */
struct loss {
    const char *name;
    enum client_act act;
    bool rebinds;
    enum client_callback_fate first, again;
};

static struct client_conn *rebind(struct holder *holder)
{
    struct client_conn fore;
    struct client_conn *conn;

    script_connect(&fore);
    wait_flags(holder, &fore, BACKCHANNEL_DOWN);
    conn = holder_connect(holder, CDFC4_FORE_OR_BOTH);
    assert_int_equal(holder_speak(holder, &fore), 0);
    client_conn_close(&fore);
    return conn;
}

static void lost(void **state)
{
    const struct loss *loss = *state;
    struct client_conn *other = NULL;
    struct client_file file;
    struct holder holder;
    uint32_t number;

    holder_open(&holder, 1);
    if (!loss->rebinds)
        other = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    (void)holder_speak(&holder, &holder.mount.conn);
    holder.mount.conn.behaviour = (struct client_behaviour){.act = loss->act};
    file = holder_contended(&holder, &dir, loss->name);
    holder_pump_until(&holder, holder.mount.conn.fd < 0);
    assert_int_equal(holder.callbacks->count, 1);
    assert_int_equal(back_service_call(&holder, 0)->fate, loss->first);
    if (loss->rebinds)
        other = rebind(&holder);
    number = holder_wait(&holder, OP_CB_RECALL, 1);
    assert_int_equal(number, 1);
    expect_again(&holder, 1, other);
    assert_int_equal(back_service_call(&holder, 1)->fate, loss->again);
    holder_move(&holder, other);
    finish(&holder, &file, loss->name);
}

/* The client has not read the callback; the server may have written it to a dead connection
 * already, or not. */
static void lost_unread(void **state)
{
    struct client_conn *other;
    struct client_file file;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    other = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    (void)holder_speak(&holder, &holder.mount.conn);
    file = holder_contended(&holder, &dir, "unread");
    client_conn_abort(&holder.mount.conn);
    assert_int_equal(holder_wait_recall(&holder, &file), 0);
    assert_true(back_service_call(&holder, 0)->over == other->serial);
    assert_int_equal(back_service_call(&holder, 0)->sequence.csa_sequenceid, 1);
    holder_move(&holder, other);
    finish(&holder, &file, "unread");
}

static void lost_before_it_was_sent(void **state)
{
    struct client_file file, got;
    struct client_conn *other;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    other = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    file = holder_delegated(&holder, &dir, "before", OPEN_DELEGATE_WRITE);
    client_conn_abort(&holder.mount.conn);
    expect_status(conflict_open(&bob, &dir, "before", &got), NFS4ERR_DELAY);
    assert_int_equal(holder_wait_recall(&holder, &file), 0);
    assert_true(back_service_call(&holder, 0)->over == other->serial);
    assert_int_equal(back_service_call(&holder, 0)->sequence.csa_sequenceid, 1);
    holder_move(&holder, other);
    finish(&holder, &file, "before");
}

/* S22-D1: when the recall begins there is no connection to the client. */
static void every_connection_is_dead(void **state)
{
    struct client_conn fore, *conn;
    struct client_file file, got;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    conn = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    file = holder_delegated(&holder, &dir, "dead", OPEN_DELEGATE_WRITE);
    client_conn_abort(conn);
    client_conn_abort(&holder.mount.conn);
    script_connect(&fore);
    wait_flags(&holder, &fore, BACKCHANNEL_DOWN);
    expect_status(conflict_open(&bob, &dir, "dead", &got), NFS4ERR_DELAY);
    expect_status(conflict_open(&bob, &dir, "dead", &got), NFS4ERR_DELAY);
    holder_reconnect(&holder, CDFC4_FORE_OR_BOTH);
    assert_int_equal(holder_speak(&holder, &fore), 0);
    assert_int_equal(holder_wait_recall(&holder, &file), 0);
    assert_int_equal(back_service_call(&holder, 0)->sequence.csa_sequenceid, 1);
    client_conn_close(&fore);
    finish(&holder, &file, "dead");
}

/* S22-10: two of three connections break, each when the callback has reached it; the third one
 * delivers it. */
static void the_third_connection_delivers(void **state)
{
    const struct client_behaviour cut = {.act = CLIENT_ACT_CUT_BEFORE};
    struct client_conn *second, *third;
    struct client_file file;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    second = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    third = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    (void)holder_speak(&holder, third);
    (void)holder_speak(&holder, second);
    holder.mount.conn.behaviour = second->behaviour = cut;
    file = holder_contended(&holder, &dir, "third");
    holder_pump_until(&holder, holder_executed(&holder, &file) == 1);
    assert_int_equal(holder.callbacks->count, 3);
    assert_int_equal(holder.mount.conn.fd, -1);
    assert_int_equal(second->fd, -1);
    expect_again(&holder, 1, second);
    expect_again(&holder, 2, third);
    holder_move(&holder, third);
    finish(&holder, &file, "third");
}

/* Sixteen connections break one after the other, each when the callback has come: the sequence id
 * stays. */
static void a_call_outlives_many_connections(void **state)
{
    struct client_file file;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    holder.mount.conn.behaviour.act = CLIENT_ACT_CUT_AFTER;
    file = holder_contended(&holder, &dir, "many");
    for (uint32_t i = 1; i <= 16; i++) {
        struct client_conn *conn = &holder.mount.conn;

        holder_pump_until(&holder, conn->fd < 0);
        assert_int_equal(holder.callbacks->count, i);
        if (i < 16)
            holder.behaviour.act = i % 2 ? CLIENT_ACT_CUT_AMID : CLIENT_ACT_CUT_AFTER;
        else
            holder.behaviour.act = CLIENT_ACT_ANSWER;
        holder_reconnect(&holder, CDFC4_FORE_OR_BOTH);
    }
    holder_pump_until(&holder, holder.callbacks->count == 17);
    for (uint32_t i = 1; i <= 16; i++) {
        assert_int_equal(back_service_call(&holder, i)->fate, CLIENT_CALLBACK_RETRIED);
        assert_int_equal(back_service_call(&holder, i)->sequence.csa_sequenceid, 1);
    }
    finish(&holder, &file, "many");
}

/* The next sequence id is used when a lost callback has its answer, not before. */
static void the_sequence_goes_on_after_a_loss(void **state)
{
    struct client_conn *other;
    struct client_file first, second;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    other = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    second = holder_delegated(&holder, &dir, "after", OPEN_DELEGATE_WRITE);
    holder.mount.conn.behaviour.act = CLIENT_ACT_CUT_AFTER;
    first = holder_contended(&holder, &dir, "lost");
    holder_pump_until(&holder, holder.callbacks->count == 2);
    holder_move(&holder, other);
    expect_status(conflict_open(&bob, &dir, "after", &(struct client_file){0}), NFS4ERR_DELAY);
    assert_int_equal(holder_wait_recall(&holder, &second), 2);
    if (back_service_call(&holder, 2)->sequence.csa_slotid == 0)
        assert_int_equal(back_service_call(&holder, 2)->sequence.csa_sequenceid, 2);
    holder_finish(&holder, &second);
    finish(&holder, &first, "lost");
}

/* A callback that is lost with the client's last connection ends with the client. */
static void the_client_goes_with_its_connections(void **state)
{
    struct client_file file;
    struct client_conn fore;
    struct holder holder;
    enum nfsstat4 status;

    (void)state;
    holder_open(&holder, 1);
    holder.mount.conn.behaviour.act = CLIENT_ACT_CUT_BEFORE;
    file = holder_contended(&holder, &dir, "gone");
    holder_pump_until(&holder, holder.mount.conn.fd < 0);
    script_connect(&fore);
    holder_move(&holder, &fore);
    holder_return(&holder, &file);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    assert_int_equal(client_session_close(&holder.mount.conn, &holder.mount.session, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
    conflict_over(&dir, "gone");
    holder_drop(&holder);
}

#define LOST(text, what, rebinding, once, twice)                                                   \
    {                                                                                              \
#text, lost, NULL, NULL, &(struct loss)                                                    \
        {                                                                                          \
#text, what, rebinding, once, twice                                                    \
        }                                                                                          \
    }
#define IGNORED CLIENT_CALLBACK_IGNORED
#define EXECUTED CLIENT_CALLBACK_EXECUTED
#define RETRIED CLIENT_CALLBACK_RETRIED

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOST(sent, CLIENT_ACT_CUT_BEFORE, false, IGNORED, EXECUTED),
        LOST(executed, CLIENT_ACT_CUT_AFTER, false, EXECUTED, RETRIED),
        LOST(reply, CLIENT_ACT_CUT_AMID, false, EXECUTED, RETRIED),
        LOST(sent_bound_again, CLIENT_ACT_CUT_BEFORE, true, IGNORED, EXECUTED),
        LOST(executed_bound_again, CLIENT_ACT_CUT_AFTER, true, EXECUTED, RETRIED),
        LOST(reply_bound_again, CLIENT_ACT_CUT_AMID, true, EXECUTED, RETRIED),
        cmocka_unit_test(lost_unread),
        cmocka_unit_test(lost_before_it_was_sent),
        cmocka_unit_test(every_connection_is_dead),
        cmocka_unit_test(the_third_connection_delivers),
        cmocka_unit_test(a_call_outlives_many_connections),
        cmocka_unit_test(the_sequence_goes_on_after_a_loss),
        cmocka_unit_test(the_client_goes_with_its_connections),
    };

    return test_group_run_fixtures(tests, backchannel_setup_default, script_teardown);
}
