/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several callbacks to one client at a time, each in a slot of its own, and the fate of a callback
 * that the client delays or refuses. S22-07, S22-D3, S22-D4, P-10.
 */
#include <string.h>

#include "backchannel.h"

enum {
    MANY = 8
};

static int setup(void **state)
{
    static const char *const options[] = {"--set", "nfs.callback_backoff_ms=50", NULL};

    (void)state;
    return backchannel_setup(10, options);
}

static void open_with_slots(struct holder *holder, uint32_t slots)
{
    struct client_session_wish wish = client_session_wish_default(NULL);

    wish.back.ca_maxrequests = slots;
    holder_open_as(holder, &wish);
    assert_int_equal(holder->mount.session.back.ca_maxrequests, slots);
}

static void contend_many(struct holder *holder, struct client_file *files, const char *text)
{
    for (uint32_t i = 0; i < MANY; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "%s %u", text, i);
        files[i] = holder_contended(holder, &dir, name);
    }
}

static void finish_many(struct holder *holder, struct client_file *files)
{
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(holder_executed(holder, &files[i]), 1);
        holder_finish(holder, &files[i]);
    }
}

static struct client_back_session *back_of(const struct holder *holder)
{
    return client_callback_session(holder->callbacks, holder->mount.session.sessionid);
}

static uint32_t slots_used(const struct holder *holder)
{
    uint32_t used = 0;

    for (uint32_t i = 0; i < CLIENT_BACK_SLOTS; i++)
        used += back_of(holder)->slots[i].uses > 0;
    return used;
}

/* All are outstanding before the first is answered, and the last one is answered first. */
static void parallel_recalls(void **state)
{
    struct client_file files[MANY];
    struct holder holder;

    (void)state;
    open_with_slots(&holder, 16);
    holder.mount.conn.behaviour.act = CLIENT_ACT_HOLD;
    contend_many(&holder, files, "parallel");
    holder_pump_until(&holder, holder.callbacks->held_count == MANY);
    assert_int_equal(slots_used(&holder), MANY);
    holder.mount.conn.behaviour.act = CLIENT_ACT_ANSWER;
    assert_int_equal(client_callback_release(&holder.mount.conn, true), CLIENT_OK);
    finish_many(&holder, files);
    holder_close(&holder);
}

/* P-10: every granted slot is used, and no more; further callbacks wait for a slot. */
static void every_granted_slot(void **state)
{
    struct client_file files[MANY];
    struct holder holder;

    (void)state;
    open_with_slots(&holder, 3);
    holder.mount.conn.behaviour.act = CLIENT_ACT_HOLD;
    contend_many(&holder, files, "granted");
    holder_pump_until(&holder, holder.callbacks->held_count == 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(back_of(&holder)->slots[i].uses, 1);
    while (holder.callbacks->count < MANY) {
        const uint32_t before = holder.callbacks->count;

        assert_int_equal(client_callback_release(&holder.mount.conn, true), CLIENT_OK);
        holder_pump_until(&holder, holder.callbacks->count > before);
    }
    assert_int_equal(client_callback_release(&holder.mount.conn, false), CLIENT_OK);
    assert_int_equal(slots_used(&holder), 3);
    holder.mount.conn.behaviour.act = CLIENT_ACT_ANSWER;
    finish_many(&holder, files);
    holder_close(&holder);
}

/* With one slot callbacks come one after the other, with consecutive sequence ids. */
static void one_slot(void **state)
{
    struct client_file files[MANY];
    struct holder holder;

    (void)state;
    open_with_slots(&holder, 1);
    contend_many(&holder, files, "one");
    holder_pump_until(&holder, holder.callbacks->count == MANY);
    assert_int_equal(back_of(&holder)->slots[0].executed, MANY);
    finish_many(&holder, files);
    holder_close(&holder);
}

/* All slots are in use when their connection breaks: each callback is repeated in its own slot. */
static void all_slots_outlive_a_connection(void **state)
{
    struct client_file files[MANY];
    struct client_conn *other;
    struct holder holder;

    (void)state;
    open_with_slots(&holder, 16);
    holder.mount.conn.behaviour.act = CLIENT_ACT_HOLD;
    contend_many(&holder, files, "outlive");
    holder_pump_until(&holder, holder.callbacks->held_count == MANY);
    other = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    client_conn_abort(&holder.mount.conn);
    holder_pump_until(&holder, holder.callbacks->count == 2 * MANY);
    for (uint32_t i = MANY; i < 2 * MANY; i++)
        assert_int_equal(client_callback_at(holder.callbacks, i)->fate, CLIENT_CALLBACK_RETRIED);
    holder_move(&holder, other);
    finish_many(&holder, files);
    holder_close(&holder);
}

/* ---- delayed or refused callbacks ---- */

struct answer {
    const char *name;
    struct client_behaviour behaviour;
    uint32_t step; /* from the sequence id of a callback to that of the next one */
};

/* The client accepts it in the end, long before the lease expires. */
static void taken_in_the_end(void **state)
{
    const struct answer *answer = *state;
    struct client_file file;
    struct holder holder;

    open_with_slots(&holder, 1);
    holder.mount.conn.behaviour = answer->behaviour;
    file = holder_contended(&holder, &dir, answer->name);
    holder_pump_until(&holder, holder.callbacks->count > answer->behaviour.times);
    for (uint32_t i = 1; i <= answer->behaviour.times; i++)
        assert_int_equal(back_service_call(&holder, i)->sequence.csa_sequenceid,
                         1 + i * answer->step);
    assert_int_equal(back_service_call(&holder, answer->behaviour.times)->status, NFS4_OK);
    holder_finish(&holder, &file);
    conflict_over(&dir, answer->name);
    holder_close(&holder);
}

static struct answer answers[] = {
    /* If the operation was executed, its retry is a new call; if CB_SEQUENCE was not, the same call
     * is repeated (RFC 8881 §15.1.1.3). */
    {"DELAY of the operation", {.op_status = NFS4ERR_DELAY, .times = 2}, 1},
    {"DELAY of CB_SEQUENCE", {.sequence_status = NFS4ERR_DELAY, .times = 2}, 0},
    {"PROG_UNAVAIL",
     {.act = CLIENT_ACT_RPC_ERROR, .accept_stat = ACCEPT_PROG_UNAVAIL, .times = 1},
     0},
    {"SYSTEM_ERR", {.act = CLIENT_ACT_RPC_ERROR, .accept_stat = ACCEPT_SYSTEM_ERR, .times = 1}, 0},
    {"AUTH_ERROR", {.act = CLIENT_ACT_DENY, .auth_stat = AUTH_TOOWEAK, .times = 1}, 0},
};

/* The client returns the delegation before it reads the recall. */
static void returned_before_it_reads(void **state)
{
    struct client_file files[2];
    struct holder holder;

    (void)state;
    open_with_slots(&holder, 1);
    holder.mount.conn.behaviour.op_status = NFS4ERR_BAD_STATEID;
    files[0] = holder_contended(&holder, &dir, "crossing");
    holder_finish(&holder, &files[0]);
    conflict_over(&dir, "crossing");
    holder_pump_until(&holder, holder.callbacks->count == 1);
    holder.mount.conn.behaviour.op_status = NFS4_OK;
    files[1] = holder_contended(&holder, &dir, "crossing, next");
    (void)holder_wait_recall(&holder, &files[1]);
    assert_int_equal(back_service_call(&holder, 1)->sequence.csa_sequenceid, 2);
    assert_int_equal(holder_recalls(&holder, &files[0]), 1);
    holder_finish(&holder, &files[1]);
    holder_close(&holder);
}

/* ---- the request that a callback refers to ---- */

/* W07, RFC 8881 §2.10.6.3: a client that gets the recall of a delegation before the reply that
 * grants it can tell, since the recall names that request. */
static void the_request_it_refers_to(void **state)
{
    const struct client_callback *cb;
    struct client_file file, got;
    struct holder holder;
    uint32_t seqid;

    (void)state;
    holder_open(&holder, 1);
    seqid = holder.mount.session.slots[0].seqid;
    file = holder_delegated(&holder, &dir, "referred", OPEN_DELEGATE_WRITE);
    assert_int_equal(holder.mount.session.slots[0].seqid, seqid + 1);
    expect_status(conflict_open(&bob, &dir, "referred", &got), NFS4ERR_DELAY);
    cb = back_service_call(&holder, holder_wait_recall(&holder, &file));
    assert_int_equal(cb->referring_count, 1);
    assert_memory_equal(cb->referring[0].sessionid, holder.mount.session.sessionid,
                        NFS4_SESSIONID_SIZE);
    assert_int_equal(cb->referring[0].slot, 0);
    assert_int_equal(cb->referring[0].seqid, seqid);
    holder_finish(&holder, &file);
    holder_close(&holder);
}

/* A client that has used the slot again has seen the reply. */
static void nothing_to_refer_to(void **state)
{
    struct client_file file, got;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    file = holder_delegated(&holder, &dir, "unreferred", OPEN_DELEGATE_WRITE);
    (void)holder_speak(&holder, &holder.mount.conn);
    expect_status(conflict_open(&bob, &dir, "unreferred", &got), NFS4ERR_DELAY);
    assert_int_equal(
        back_service_call(&holder, holder_wait_recall(&holder, &file))->referring_count, 0);
    holder_finish(&holder, &file);
    holder_close(&holder);
}

int main(void)
{
    struct CMUnitTest tests[7 + ARRAY_SIZE(answers)] = {
        cmocka_unit_test(parallel_recalls),
        cmocka_unit_test(every_granted_slot),
        cmocka_unit_test(one_slot),
        cmocka_unit_test(all_slots_outlive_a_connection),
        cmocka_unit_test(returned_before_it_reads),
        cmocka_unit_test(the_request_it_refers_to),
        cmocka_unit_test(nothing_to_refer_to),
    };

    for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
        tests[7 + i] =
            (struct CMUnitTest){answers[i].name, taken_in_the_end, NULL, NULL, &answers[i]};
    return test_group_run_fixtures(tests, setup, script_teardown);
}
