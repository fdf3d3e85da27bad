/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callbacks over a back channel as a client sees them: their contents, which slots and sequence ids
 * they use, and the effect of its answers. S22-01, S22-02, S22-07, S22-33, S22-D3..D5, W07, P-10.
 */
#include "back_fixture.h"

static struct back_conn a;
static struct back_session s;

static int set_up(void **unused)
{
    back_set_up(unused);
    back_connect(&a);
    back_session_make(&s, &a, "one", NULL);
    return 0;
}

static int tear_down(void **unused)
{
    back_session_put(&s);
    return back_tear_down(unused);
}

/* S22B-04: encoding.  S22-15, S22-D5. */
static void call_as_sent(void **unused)
{
    static struct back_test_call told;
    struct back_seen seen;

    (void)unused;
    assert_true(callback_reachable(back.callback, s.session->client));
    assert_true(back_call(&s, &told, NULL));
    back_expect(&a, &seen);
    assert_int_equal(seen.program, PEER_PROGRAM);
    assert_int_equal(seen.minor, 1);
    assert_int_equal(seen.flavor, AUTH_SYS);
    assert_int_equal(seen.uid, PEER_UID);
    assert_int_equal(seen.gid, 19);
    assert_int_equal(seen.gid_count, 2);
    assert_string_equal(seen.machine, "fake name");
    assert_memory_equal(seen.sequence.csa_sessionid, s.session->id, NFS4_SESSIONID_SIZE);
    assert_int_equal(seen.sequence.csa_sequenceid, 1);
    assert_int_equal(seen.sequence.csa_slotid, 0);
    assert_int_equal(seen.sequence.csa_highest_slotid, 0);
    assert_int_equal(seen.list_count, 0);
    assert_int_equal(atomic_load(&told.count), 0);
    back_answer(&a, &seen, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    assert_int_equal(told.results, 1);
}

/* S22B-04: replies. An operation's error is an answer like any other, and the sequence id
 * advances. */
static void sequence_goes_on(void **unused)
{
    static const uint32_t statuses[] = {NFS4_OK, NFS4ERR_BADHANDLE, NFS4ERR_DELAY, NFS4_OK};
    static struct back_test_call told;
    struct back_seen seen;

    (void)unused;
    for (uint32_t i = 0; i < ARRAY_SIZE(statuses); i++) {
        assert_true(back_call(&s, &told, NULL));
        back_expect(&a, &seen);
        assert_int_equal(seen.sequence.csa_slotid, 0);
        assert_int_equal(seen.sequence.csa_sequenceid, i + 1);
        back_answer(&a, &seen, NFS4_OK, statuses[i]);
        back_wait_completed(&told, CALLBACK_ANSWERED);
        assert_int_equal(told.status, statuses[i]);
    }
}

static void minor_two(void **unused)
{
    static struct back_test_call told;
    struct back_seen seen;

    (void)unused;
    s.session->minor_version = 2;
    assert_true(back_call(&s, &told, NULL));
    back_expect(&a, &seen);
    assert_int_equal(seen.minor, 2);
}

/* P-10: every slot that the client has is used, in the order of callbacks, and none beyond. */
static void all_slots(void **unused)
{
    static struct back_test_call told[BACK_SLOTS + 1];
    struct back_seen seen[BACK_SLOTS + 1];

    (void)unused;
    for (uint32_t i = 0; i <= BACK_SLOTS; i++)
        assert_true(back_call(&s, &told[i], NULL));
    for (uint32_t i = 0; i < BACK_SLOTS; i++) {
        back_expect(&a, &seen[i]);
        assert_int_equal(seen[i].sequence.csa_slotid, i);
        assert_int_equal(seen[i].sequence.csa_sequenceid, 1);
        assert_int_equal(seen[i].sequence.csa_highest_slotid, i);
    }
    back_expect_silence(&a);
    back_answer(&a, &seen[7], NFS4_OK, NFS4_OK);
    back_wait_completed(&told[7], CALLBACK_ANSWERED);
    back_expect(&a, &seen[BACK_SLOTS]);
    assert_int_equal(seen[BACK_SLOTS].sequence.csa_slotid, 7);
    assert_int_equal(seen[BACK_SLOTS].sequence.csa_sequenceid, 2);
    assert_int_equal(seen[BACK_SLOTS].sequence.csa_highest_slotid, BACK_SLOTS - 1);
}

static void few_slots_change(struct CREATE_SESSION4args *args)
{
    args->csa_back_chan_attrs.ca_maxrequests = 2;
}

/* P-10: slots that the client does not have are not used. */
static void few_slots(void **unused)
{
    static struct back_test_call told[3];
    struct back_seen seen[2];
    struct back_session few;

    (void)unused;
    back_session_make(&few, &a, "few", few_slots_change);
    for (int i = 0; i < 3; i++)
        assert_true(back_call(&few, &told[i], NULL));
    back_expect(&a, &seen[0]);
    back_expect(&a, &seen[1]);
    assert_int_equal(seen[1].sequence.csa_slotid, 1);
    back_expect_silence(&a);
    back_answer_limits(&a, &seen[1], 1, 1);
    back_expect(&a, &seen[1]);
    assert_int_equal(seen[1].sequence.csa_slotid, 1);
    assert_int_equal(seen[1].sequence.csa_sequenceid, 2);
    back_session_put(&few);
}

/* csr_target_highest_slotid is what the client wants, csr_highest_slotid what it accepts. */
static void wanted_slots(void **unused)
{
    static const uint32_t limits[][3] = {{15, 0, 1}, {2, 15, 3}, {15, 15, 16}, {99, 99, 16}};
    static struct back_test_call told[BACK_SLOTS];
    struct back_seen seen[BACK_SLOTS];

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
        uint32_t count = limits[i][2];

        assert_true(back_call(&s, &told[0], NULL));
        back_expect(&a, &seen[0]);
        back_answer_limits(&a, &seen[0], limits[i][0], limits[i][1]);
        back_wait_completed(&told[0], CALLBACK_ANSWERED);
        for (uint32_t j = 0; j < count; j++) {
            assert_true(back_call(&s, &told[j], NULL));
            back_expect(&a, &seen[j]);
            assert_int_equal(seen[j].sequence.csa_slotid, j);
        }
        if (count < BACK_SLOTS) {
            static struct back_test_call more;
            struct back_seen last;

            assert_true(back_call(&s, &more, NULL));
            back_expect_silence(&a);
            back_answer_limits(&a, &seen[0], limits[i][0], limits[i][1]);
            back_expect(&a, &last);
            back_answer_limits(&a, &last, limits[i][0], limits[i][1]);
            back_wait_completed(&more, CALLBACK_ANSWERED);
        } else {
            back_answer_limits(&a, &seen[0], limits[i][0], limits[i][1]);
        }
        for (uint32_t j = 1; j < count; j++) {
            back_answer_limits(&a, &seen[j], limits[i][0], limits[i][1]);
            back_wait_completed(&told[j], CALLBACK_ANSWERED);
        }
        back_wait_completed(&told[0], CALLBACK_ANSWERED);
    }
}

/* W07: the callback names the request that it refers to until the client has used its slot again,
 * or the session is gone; that may be a request in another session. */
static void referring_calls(void **unused)
{
    struct slot_request request = {.digest = 1};
    struct slot_replay replay = {0};
    struct session_call after = {.slotid = 3, .sequenceid = 1};
    struct back_session other;
    static struct back_test_call told;
    struct back_seen seen;
    struct slot *slot;

    (void)unused;
    back_session_add(&other, &s, &a, NULL);
    s.sequence++;
    memcpy(after.sessionid, s.session->id, NFS4_SESSIONID_SIZE);
    slot = slot_at(&s.session->slots, 3);
    for (uint32_t seqid = 1; seqid <= 2; seqid++) {
        assert_int_equal(slot_acquire(slot, seqid, &request, &replay), SLOT_NEW);
        for (int done = 0; done < 2; done++) {
            assert_true(back_call(done ? &s : &other, &told, &after));
            back_expect(&a, &seen);
            assert_int_equal(seen.list_count, seqid == 1 ? 1 : 0);
            if (seqid == 1)
                assert_memory_equal(&seen.refers, &after, sizeof(after));
            back_answer(&a, &seen, NFS4_OK, NFS4_OK);
            back_wait_completed(&told, CALLBACK_ANSWERED);
            if (!done)
                slot_release(slot, NULL, 0);
        }
    }
    memset(after.sessionid, 0x77, NFS4_SESSIONID_SIZE);
    assert_true(back_call(&s, &told, &after));
    back_expect(&a, &seen);
    assert_int_equal(seen.list_count, 0);
    back_session_put(&other);
}

/* So does a callback over a given session. */
static void referring_call_of_session(void **unused)
{
    struct slot_request request = {.digest = 1};
    struct session_call after = {.slotid = 3, .sequenceid = 1};
    static struct back_test_call told;
    struct slot_replay replay = {0};
    struct back_seen seen;

    (void)unused;
    memcpy(after.sessionid, s.session->id, NFS4_SESSIONID_SIZE);
    assert_int_equal(slot_acquire(slot_at(&s.session->slots, 3), 1, &request, &replay), SLOT_NEW);
    assert_true(back_call_session(&s, &told, &after));
    back_expect(&a, &seen);
    assert_int_equal(seen.list_count, 1);
    assert_memory_equal(&seen.refers, &after, sizeof(after));
    slot_release(slot_at(&s.session->slots, 3), NULL, 0);
}

/* S22B-04: the queue is full. */
static void queue_full(void **unused)
{
    static struct back_test_call told[BACK_SLOTS + LIMIT_BACK_QUEUE];
    static struct back_test_call more;

    (void)unused;
    for (uint32_t i = 0; i < ARRAY_SIZE(told); i++)
        assert_true(back_call(&s, &told[i], NULL));
    assert_false(back_call(&s, &more, NULL));
    back_session_destroy(&s, &a);
    for (uint32_t i = 0; i < ARRAY_SIZE(told); i++)
        back_wait_completed(&told[i], CALLBACK_CANCELLED);
    assert_int_equal(more.count, 0);
    assert_false(back_call(&s, &more, NULL));
}

enum {
    CRED_BYTES = 20 + 12 + 2 * 4 /* as sessions of the fixture request them */
};

static void small_requests(struct CREATE_SESSION4args *args)
{
    args->csa_back_chan_attrs.ca_maxrequestsize = SESSION_BACK_REQUEST_BYTES_MIN + CRED_BYTES;
    args->csa_back_chan_attrs.ca_maxoperations = 2;
}

static void no_hook(enum callback_outcome outcome, const struct cb_reply *reply, void *arg)
{
    (void)outcome, (void)reply, (void)arg;
}

/* The client's ca_maxrequestsize and ca_maxoperations limit callbacks: each recall fits with
 * everything that may be part of it, and no smaller limit would do. */
static void too_big(void **unused)
{
    static const uint8_t fh[LIMIT_FH_BYTES] = {1}, owner[NFS4_OPAQUE_LIMIT];
    struct cb_op ops[2] = {{.op = OP_CB_RECALL}, {.op = OP_CB_RECALL}};
    struct cb_op notify = {.op = OP_CB_NOTIFY_LOCK};
    struct session_call after = {.slotid = 0};
    struct back_session small;
    struct callback_room room;
    struct peer_call call;
    struct client *client;

    (void)unused;
    back_session_make(&small, &a, "small", small_requests);
    client = small.session->client;
    memcpy(after.sessionid, small.session->id, NFS4_SESSIONID_SIZE);
    ops[0].recall.fh = (struct nfs_fh4){fh, sizeof(fh)};
    assert_false(callback_call(back.callback, client, ops, 2, NULL, no_hook, NULL));
    notify.notify_lock.cnla_lock_owner.owner = (struct wire_opaque){owner, sizeof(owner)};
    assert_false(callback_call(back.callback, client, &notify, 1, NULL, no_hook, NULL));
    room = callback_room(small.session);
    assert_int_equal(room.ops, 1);
    assert_int_equal(room.bytes, 28 + LIMIT_FH_BYTES);
    assert_true(callback_call(back.callback, client, ops, 1, &after, no_hook, NULL));
    peer_receive(a.fd, &call);
    assert_int_equal(call.x.end - call.bytes, SESSION_BACK_REQUEST_BYTES_MIN + CRED_BYTES);
    peer_call_fini(&call);
    back_session_put(&small);
}

/* The client's limits, and ours: in operations, bytes, and bytes of the reply. */
static void many_operations(struct CREATE_SESSION4args *args)
{
    args->csa_back_chan_attrs.ca_maxoperations = 1000;
    args->csa_back_chan_attrs.ca_maxrequestsize = 1 << 20;
}

static void short_replies(struct CREATE_SESSION4args *args)
{
    args->csa_back_chan_attrs.ca_maxresponsesize = SESSION_BACK_REPLY_BYTES_MIN + 2 * 8 + 7;
}

static void no_calls(struct CREATE_SESSION4args *args)
{
    memset(&args->csa_back_chan_attrs, 0, sizeof(args->csa_back_chan_attrs));
}

static struct callback_room room_of(const char *owner,
                                    void (*change)(struct CREATE_SESSION4args *args))
{
    struct callback_room room;
    struct back_session made;

    back_session_make(&made, &a, owner, change);
    room = callback_room(made.session);
    back_session_put(&made);
    return room;
}

static void room_for_calls(void **unused)
{
    (void)unused;
    assert_int_equal(room_of("many", many_operations).ops, LIMIT_CALLBACK_OPS - 1);
    assert_int_equal(room_of("many", many_operations).bytes,
                     LIMIT_CALLBACK_CALL_BYTES -
                         (SESSION_BACK_REQUEST_BYTES_MIN + CRED_BYTES - 28 - LIMIT_FH_BYTES));
    assert_int_equal(room_of("short", short_replies).ops, 3);
    assert_int_equal(room_of("none", no_calls).ops, 0);
    assert_int_equal(room_of("none", no_calls).bytes, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(call_as_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sequence_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(minor_two, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_slots, set_up, tear_down),
        cmocka_unit_test_setup_teardown(few_slots, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wanted_slots, set_up, tear_down),
        cmocka_unit_test_setup_teardown(referring_calls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(referring_call_of_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(queue_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_big, set_up, tear_down),
        cmocka_unit_test_setup_teardown(room_for_calls, set_up, tear_down),
    };

    return test_group_run(tests);
}
