/* SPDX-License-Identifier: Apache-2.0 */
#include "state/session/slot_recall.h"

#include "base/clock.h"
#include "state/reply_budget.h"
#include "state/session/session.h"

enum {
    TRIES = 4, /* a client that sends one SEQUENCE each time needs three */
    IDLE_S = 1,
    INTERVAL_S = 2 /* a request, and long enough after it to be idle again */
};

void slot_recall_hook(struct state *state, const struct slot_recall_hook *hook)
{
    state->slot_hook = *hook;
}

void slot_recall_done(struct session *session)
{
    atomic_store_explicit(&session->demand.recall.under_way, false, memory_order_relaxed);
}

/* The sessions to be asked in one run of the timer: references. */
struct round {
    int64_t now_ns;
    struct session *sessions[LIMIT_SLOT_RECALLS_PER_TICK];
    uint32_t count;
};

/* Each request that comes later than this puts it off: session_slots_note(). */
static bool idle(const struct session *session, int64_t now_ns)
{
    return now_ns - atomic_load_explicit(&session->demand.review_ns, memory_order_relaxed) >=
           IDLE_S * NSEC_PER_SEC;
}

static bool callable(const struct session *session)
{
    return !session_dead(session) &&
           atomic_load_explicit(&session->back_bound, memory_order_relaxed) > 0;
}

/* If the session is idle and should be asked, add it to the round.  With its slot_table.resizing
 * held. */
static void consider(struct round *round, struct session *session)
{
    struct slot_recall *recall = &session->demand.recall;
    int64_t pause_ns = INTERVAL_S * NSEC_PER_SEC;

    if (round->count == LIMIT_SLOT_RECALLS_PER_TICK || session_slots_excess(session) == 0 ||
        round->now_ns < recall->next_ns || !idle(session, round->now_ns) || !callable(session) ||
        atomic_load_explicit(&recall->under_way, memory_order_relaxed))
        return;
    if (++recall->tries % TRIES == 0)
        pause_ns = session->client->state->lease_ns;
    recall->next_ns = round->now_ns + pause_ns;
    atomic_store_explicit(&recall->under_way, true, memory_order_relaxed);
    round->sessions[round->count++] = session_get(session);
}

static bool shrink_visited(struct hnode *node, void *arg)
{
    struct session *session = CONTAINER_OF(node, struct session, by_id);
    struct round *round = arg;

    if (!slot_table_resize_try(&session->slots))
        return true;
    session_slots_shrink(session, round->now_ns);
    consider(round, session);
    slot_table_resize_end(&session->slots);
    return true;
}

/* Send the callbacks, without locks. */
static void ask(struct state *state, const struct round *round)
{
    const struct slot_recall_hook *hook = &state->slot_hook;

    for (uint32_t i = 0; i < round->count; i++) {
        struct session *session = round->sessions[i];
        uint32_t target = slot_table_grant(&session->slots).target;

        if (!hook->ask || !hook->ask(session, target - 1, hook->context))
            slot_recall_done(session);
        session_put(session);
    }
}

void slot_recall_tick(struct state *state, int64_t now_ns)
{
    struct round round = {.now_ns = now_ns};

    if (!reply_budget_tight(&state->reply_budget))
        return;
    for (size_t i = 0; i < SESSION_SHARDS; i++) {
        struct session_shard *shard = &state->session_shards[i];

        pthread_mutex_lock(&shard->lock);
        htable_visit(&shard->table, shrink_visited, &round);
        pthread_mutex_unlock(&shard->lock);
    }
    ask(state, &round);
}
