/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The number of a session's slots: growth with use, the budget for replies, and which sessions give
 * way to it (S20-D1, W01, W02, W03, S20-08).
 */
#include "state/session/session_slots.h"

#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "lib/test.h"
#include "state/client/client.h"
#include "state/client/client_exchange.h"
#include "state/session/session.h"
#include "state/session/session_conn.h"
#include "state/session/session_create.h"
#include "state/session/session_end.h"
#include "state/session/slot_recall.h"

enum {
    LEASE_S = 10,
    CACHED = 4032, /* together with 64 for the slot 4 KiB */
    COST = 4096,
    BUDGET_SLOTS = 400,
    SESSIONS_MAX = 32,
    CROWD = 10, /* enough to exhaust the budget */
    CROWD_SLOTS = 359,
    SHARE = BUDGET_SLOTS / 8 * 7 / CROWD
};

static const struct client_caller alice = CLIENT_CALLER_SYS(1000);
static struct state *state;
static struct session_conn *conn;
static int64_t now_ns;
static uint64_t clientid;
static uint32_t sequence;
static uint8_t ids[SESSIONS_MAX][NFS4_SESSIONID_SIZE];
static uint32_t id_count;

static int set_up_with(uint64_t budget_bytes)
{
    const struct state_config config = {.lease_s = LEASE_S, .reply_budget_bytes = budget_bytes};
    const uint8_t name = 'a';
    struct EXCHANGE_ID4args args = {.eia_clientowner = {.co_ownerid = {&name, 1}}};
    struct client_exchange out;

    now_ns = clock_now_ns();
    id_count = 0;
    state = state_create(&config);
    conn = session_conn_create(NULL);
    assert_int_equal(client_exchange_id(state, &alice, NULL, &args, now_ns, &out), NFS4_OK);
    clientid = out.clientid;
    sequence = out.sequence;
    return 0;
}

static int set_up(void **unused)
{
    (void)unused;
    return set_up_with((uint64_t)BUDGET_SLOTS * COST);
}

static int set_up_roomy(void **unused)
{
    (void)unused;
    return set_up_with(0);
}

/* S20-33: all charged memory is released. */
static int tear_down(void **unused)
{
    (void)unused;
    for (uint32_t i = 0; i < id_count; i++)
        assert_int_equal(session_destroy(state, ids[i], conn, NULL, 0), NFS4_OK);
    session_conn_destroy(conn);
    assert_int_equal(state->session_count, 0);
    assert_int_equal(state->reply_budget.charged, 0);
    assert_int_equal(state->reply_budget.tables, 0);
    assert_int_equal(state->reply_bytes, 0);
    state_destroy(state);
    return 0;
}

/* A session that requests `want` slots; the caller gets no reference. */
static struct session *make(uint32_t want)
{
    const struct channel_attrs4 attrs = {0, 8192, 8192, CACHED, 16, want, {0}, 0};
    struct CREATE_SESSION4args args = {.csa_clientid = clientid,
                                       .csa_sequence = sequence++,
                                       .csa_fore_chan_attrs = attrs,
                                       .csa_back_chan_attrs = attrs};
    struct CREATE_SESSION4resok res;
    struct session *session;

    assert_int_equal(session_create(state, &alice, conn, 1, &args, now_ns, &res), NFS4_OK);
    session = session_lookup(state, res.csr_sessionid);
    assert_non_null(session);
    assert_int_equal(res.csr_fore_chan_attrs.ca_maxrequests,
                     slot_table_grant(&session->slots).enforced);
    assert_true(id_count < SESSIONS_MAX);
    memcpy(ids[id_count++], res.csr_sessionid, NFS4_SESSIONID_SIZE);
    session_put(session);
    return session;
}

static uint32_t slots(const struct session *session)
{
    return slot_table_grant(&session->slots).enforced;
}

/* A session that has used all slots that it was granted. */
static struct session *make_used(uint32_t want)
{
    struct session *session = make(want);

    assert_true(session_slots_use(session, slots(session) - 1));
    return session;
}

static uint32_t target(const struct session *session)
{
    return slot_table_grant(&session->slots).target;
}

/* SEQUENCE in slot `id`; returns what it grants. */
static struct slot_grant use(struct session *session, uint32_t id, uint32_t highest)
{
    struct slot *slot = slot_at(&session->slots, id);
    struct slot_request request = {0};
    struct slot_replay replay = {0};
    struct slot_grant grant;

    assert_true(session_slots_use(session, id));
    slot_acquire(slot, 0, &request, &replay);
    assert_int_equal(slot_acquire(slot, replay.expected, &request, &replay), SLOT_NEW);
    grant = session_slots_note(session, slot, id, highest, now_ns);
    session_slot_release(session, slot, "a reply", 7);
    return grant;
}

static void use_all(struct session *session)
{
    for (uint32_t i = 0; i + 1 < slots(session); i++)
        use(session, i, slots(session) - 1);
}

/* A client that sees its target, using slot 0 alone. */
static void obey(struct session *session)
{
    for (int i = 0; i < 3; i++)
        use(session, 0, 0);
}

static void pass(int64_t seconds)
{
    now_ns += seconds * NSEC_PER_SEC;
}

static void grows_with_use(void **unused)
{
    static const uint32_t steps[] = {96, 144, 216, 300, 300}; /* a quarter is not for growth */
    struct session *session = make(LIMIT_SLOTS_DEFAULT);

    (void)unused;
    use_all(session);
    assert_int_equal(slots(session), LIMIT_SLOTS_DEFAULT);
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        uint32_t used = slots(session);
        struct slot_grant told = use(session, used - 1, used - 1);

        assert_int_equal(told.enforced, steps[i]);
        assert_int_equal(told.target, steps[i]);
        assert_int_equal(state->reply_budget.charged, (uint64_t)used * COST);
    }
}

static void grows_to_the_limit(void **unused)
{
    struct session *session = make(LIMIT_SLOTS);

    (void)unused;
    assert_int_equal(slots(session), LIMIT_SLOTS_DEFAULT);
    for (int i = 0; i < 10; i++)
        use(session, slots(session) - 1, slots(session) - 1);
    assert_int_equal(slots(session), LIMIT_SLOTS);
}

/* A client that requests fewer slots than the default gets no more. */
static void no_more_than_asked(void **unused)
{
    struct session *session = make(8), *none = make(0);

    (void)unused;
    assert_int_equal(slots(session), 8);
    assert_int_equal(use(session, 7, 7).enforced, 8);
    assert_int_equal(slots(none), 1);
    assert_int_equal(use(none, 0, 0).enforced, 1);
}

/* S20-08: new sessions get fewer slots, but at least one. */
static void pressure_on_new_sessions(void **unused)
{
    static const uint32_t granted[] = {64, 64, 58, 45, 36, 28, 22, 17, 14, 11, 8, 7, 1, 1, 1, 1};
    uint64_t sum = 0;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(granted); i++) {
        assert_int_equal(slots(make_used(LIMIT_SLOTS_DEFAULT)), granted[i]);
        sum += granted[i];
    }
    assert_true(sum <= BUDGET_SLOTS);
    assert_int_equal(state->reply_budget.charged, sum * COST);
}

/* Sessions that use one slot each leave all others to whom they serve. */
static void idle_sessions_cost_one_slot(void **unused)
{
    (void)unused;
    for (uint32_t i = 0; i + 1 < SESSIONS_MAX; i++)
        obey(make(LIMIT_SLOTS_DEFAULT));
    assert_int_equal(state->reply_budget.charged, (SESSIONS_MAX - 1) * COST);
    assert_int_equal(slots(make(LIMIT_SLOTS_DEFAULT)), LIMIT_SLOTS_DEFAULT);
}

/* Beyond the budget each session has its first slot, and those that it has used before. */
static void no_new_slot_beyond_the_budget(void **unused)
{
    struct session *first = make_used(LIMIT_SLOTS_DEFAULT), *second = make(LIMIT_SLOTS_DEFAULT);

    (void)unused;
    reply_budget_set(&state->reply_budget, 75 * COST); /* for many slots, fifteen sixteenths */
    use(first, LIMIT_SLOTS_DEFAULT - 1, LIMIT_SLOTS_DEFAULT - 1);
    use(second, 5, 5);
    assert_int_equal(state->reply_budget.charged, 70 * COST);
    assert_false(session_slots_use(second, 6));
    use(second, 4, 5);
    use(make(LIMIT_SLOTS_DEFAULT), 0, 0);
    assert_int_equal(state->reply_budget.charged, 71 * COST);
}

/* Sessions with 64, 64, 58 .. 11 slots; 350 are to be shared. */
static void fill(struct session **sessions)
{
    for (int i = 0; i < CROWD; i++)
        sessions[i] = make_used(LIMIT_SLOTS_DEFAULT);
    assert_int_equal(state->reply_budget.charged, CROWD_SLOTS * COST);
    assert_true(reply_budget_tight(&state->reply_budget));
}

static void pressure_on_old_sessions(void **unused)
{
    struct session *sessions[CROWD];

    (void)unused;
    fill(sessions);
    use_all(sessions[0]);
    assert_int_equal(target(sessions[0]), 64); /* it was reviewed less than a second ago */
    pass(1);
    use(sessions[0], 0, 63);
    assert_int_equal(target(sessions[0]), SHARE);
    assert_int_equal(slots(sessions[0]), 64);
    assert_int_equal(session_slots_excess(sessions[0]), 64 - SHARE);
    state_tick(state, now_ns); /* the timer reviews sessions without requests, too */
    assert_int_equal(target(sessions[1]), SHARE);
    assert_int_equal(session_slots_excess(sessions[1]), 64 - SHARE);
    obey(sessions[0]);
    assert_int_equal(slots(sessions[0]), SHARE);
    assert_int_equal(session_slots_excess(sessions[0]), 0);
    assert_int_equal(state->reply_budget.charged, (CROWD_SLOTS - 64 + SHARE) * COST);
    assert_int_equal(state->reply_bytes, SHARE * 7);
}

/* RFC 8881 §2.10.6.1: a client that ignores its target for long may be forced. */
static void ignoring_the_target_is_forced(void **unused)
{
    struct session *sessions[CROWD];

    (void)unused;
    fill(sessions);
    use_all(sessions[0]);
    pass(1);
    use(sessions[0], 0, 63);
    for (int i = 0; i < LEASE_S; i++) {
        use(sessions[0], 0, 63);
        assert_int_equal(slots(sessions[0]), 64);
        pass(1);
    }
    use(sessions[0], 0, 63);
    assert_int_equal(slots(sessions[0]), 64);
    pass(1);
    use(sessions[0], 0, 63);
    assert_int_equal(slots(sessions[0]), SHARE);
    assert_int_equal(slot_table_high(&sessions[0]->slots), SHARE);
    assert_int_equal(slot_table_kept(&sessions[0]->slots), 64); /* kept for retries, and charged */
    assert_int_equal(state->reply_budget.charged, CROWD_SLOTS * COST);
    use(sessions[0], 0, SHARE - 1);
    assert_int_equal(slot_table_kept(&sessions[0]->slots), SHARE);
    assert_int_equal(state->reply_budget.charged, (CROWD_SLOTS - 64 + SHARE) * COST);
}

/* Without pressure no session is forced, and the target follows the use again. */
static void pressure_ends(void **unused)
{
    struct session *sessions[CROWD];

    (void)unused;
    fill(sessions);
    use_all(sessions[0]);
    pass(1);
    use(sessions[0], 0, 63);
    assert_int_equal(target(sessions[0]), SHARE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(session_destroy(state, ids[--id_count], conn, NULL, 0), NFS4_OK);
    pass(1);
    use(sessions[0], 0, 63);
    assert_int_equal(target(sessions[0]), 64);
    assert_int_equal(slots(sessions[0]), 64);
}

static struct session *asked_for;
static uint32_t asked_highest, asked_count;
static bool answers;

static bool note_asked(struct session *session, uint32_t highest, void *context)
{
    (void)context;
    asked_for = session;
    asked_highest = highest;
    asked_count++;
    if (answers)
        slot_recall_done(session);
    return true;
}

static void tick(int64_t seconds)
{
    pass(seconds);
    slot_recall_tick(state, now_ns);
}

/* An idle session does not see its target, so it gets CB_RECALL_SLOT (RFC 8881 §20.8), one call at
 * a time; it gives up its slots by the requests that the calls cause. */
static void idle_sessions_are_called(void **unused)
{
    const struct slot_recall_hook hook = {note_asked, NULL};
    struct session *sessions[CROWD];

    (void)unused;
    answers = true;
    asked_count = 0;
    slot_recall_hook(state, &hook);
    fill(sessions);
    tick(1);
    assert_int_equal(target(sessions[0]), SHARE);
    tick(4);
    assert_int_equal(asked_count, 0); /* no session has a back channel */
    atomic_store(&sessions[0]->back_bound, 1);
    use(sessions[0], 0, 0);
    tick(1);
    assert_int_equal(asked_count, 0); /* its requests show it the target */
    for (uint32_t i = 1; slots(sessions[0]) > SHARE; i++) {
        tick(2);
        assert_int_equal(asked_count, i);
        assert_ptr_equal(asked_for, sessions[0]);
        assert_int_equal(asked_highest, SHARE - 1);
        use(sessions[0], 0, 0);
        tick(1);
        assert_int_equal(asked_count, i);
    }
    assert_int_equal(asked_count, 2);
    tick(5);
    assert_int_equal(asked_count, 2); /* all slots that were wanted */
    atomic_store(&sessions[0]->back_bound, 0);
}

/* One call at a time; a client that answers but sends no requests gets a few, and then none for a
 * lease period. */
static void idle_sessions_that_stay(void **unused)
{
    const struct slot_recall_hook hook = {note_asked, NULL};
    struct session *sessions[CROWD];

    (void)unused;
    answers = false;
    asked_count = 0;
    slot_recall_hook(state, &hook);
    fill(sessions);
    atomic_store(&sessions[1]->back_bound, 1);
    tick(1);
    tick(2);
    assert_int_equal(asked_count, 1);
    tick(5);
    assert_int_equal(asked_count, 1);
    slot_recall_done(sessions[1]);
    answers = true;
    for (int i = 0; i < LEASE_S; i++)
        tick(1);
    assert_int_equal(asked_count, 4);
    tick(LEASE_S);
    assert_int_equal(asked_count, 5);
    assert_int_equal(slots(sessions[1]), 64);
    atomic_store(&sessions[1]->back_bound, 0);
}

/* After slots were given up, requests sent in them must have died out before the slots come
 * back. */
static void rests_before_it_grows_again(void **unused)
{
    struct session *sessions[CROWD], *session;

    (void)unused;
    fill(sessions);
    session = sessions[0];
    use_all(session);
    pass(1);
    obey(session);
    obey(session);
    assert_int_equal(slots(session), SHARE);
    while (id_count > 1)
        assert_int_equal(session_destroy(state, ids[--id_count], conn, NULL, 0), NFS4_OK);
    use(session, SHARE - 1, SHARE - 1);
    assert_int_equal(slots(session), SHARE);
    assert_int_equal(slot_table_high(&session->slots), 64);
    pass(LEASE_S - 1);
    use(session, SHARE - 1, SHARE - 1);
    assert_int_equal(slots(session), SHARE);
    pass(1);
    use(session, SHARE - 1, SHARE - 1);
    assert_int_equal(slots(session), SHARE + SHARE / 2);
}

static void long_disuse(void **unused)
{
    struct session *session = make(LIMIT_SLOTS_DEFAULT);

    (void)unused;
    use(session, 63, 63);
    use(session, 95, 95);
    assert_int_equal(slots(session), 144);
    pass(LEASE_S); /* the period in which 96 were used */
    use(session, 0, 0);
    assert_int_equal(target(session), 144);
    for (int i = 0; i < LEASE_S; i++) {
        assert_int_equal(target(session), 144);
        use(session, 0, 39);
        pass(1);
    }
    use(session, 0, 0);
    assert_int_equal(target(session), 80);
    obey(session);
    assert_int_equal(slots(session), 80);
    pass(2LL * LEASE_S);
    use(session, 0, 0);
    pass(LEASE_S);
    use(session, 0, 0);
    obey(session);
    assert_int_equal(slots(session), LIMIT_SLOTS_DEFAULT); /* not fewer than initially */
    assert_int_equal(state->reply_budget.charged, LIMIT_SLOTS_DEFAULT * COST);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(grows_with_use),
        cmocka_unit_test_setup_teardown(grows_to_the_limit, set_up_roomy, tear_down),
        TEST(no_more_than_asked),
        TEST(pressure_on_new_sessions),
        TEST(idle_sessions_cost_one_slot),
        TEST(no_new_slot_beyond_the_budget),
        TEST(pressure_on_old_sessions),
        TEST(ignoring_the_target_is_forced),
        TEST(pressure_ends),
        TEST(idle_sessions_are_called),
        TEST(idle_sessions_that_stay),
        TEST(rests_before_it_grows_again),
        TEST(long_disuse),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
