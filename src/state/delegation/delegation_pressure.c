/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "state/delegation/delegation_internal.h"
#include "state/delegation/delegation_recall.h"
#include "state/file/owner.h"

enum {
    PASS_S = 5 /* between two rounds, so that clients can answer and return delegations */
};

/* A client that was asked to return some delegations, until it has, or they are recalled. */
struct delegation_ask {
    struct list link;
    struct client *client; /* a reference */
    uint32_t keep;
    int64_t due_ns;
    uint32_t to_recall; /* number of delegations still to be recalled once it is due */
    bool due;
};

/* A client that wants to be told when delegations are available. */
struct delegation_signal {
    struct list link;
    struct client *client; /* a reference */
};

static struct delegation_pressure *pressure_of(struct state *state)
{
    return &state->delegations->pressure;
}

void delegation_pressure_init(struct delegation_pressure *pressure)
{
    atomic_init(&pressure->most, LIMIT_DELEGATIONS);
    CHECK(pthread_mutex_init(&pressure->lock, NULL) == 0);
    list_init(&pressure->asked);
    list_init(&pressure->signals);
}

static void asked_drop(struct delegation_ask *asked)
{
    client_put(asked->client);
    memory_free(MEMORY_delegations, asked);
}

static void signal_drop(struct delegation_signal *signal)
{
    client_put(signal->client);
    memory_free(MEMORY_delegations, signal);
}

void delegation_pressure_fini(struct delegation_pressure *pressure)
{
    struct list *link;

    while ((link = list_pop_front(&pressure->asked)))
        asked_drop(LIST_ENTRY(link, struct delegation_ask, link));
    while ((link = list_pop_front(&pressure->signals)))
        signal_drop(LIST_ENTRY(link, struct delegation_signal, link));
    pthread_mutex_destroy(&pressure->lock);
}

void delegation_pressure_hook(struct state *state, const struct delegation_pressure_hooks *hooks)
{
    pressure_of(state)->hooks = *hooks;
}

void delegation_set_limit(struct state *state, uint32_t most)
{
    CHECK(most <= LIMIT_DELEGATIONS);
    atomic_store_explicit(&pressure_of(state)->most, most, memory_order_relaxed);
}

static uint32_t limit(const struct delegation_pressure *pressure)
{
    return atomic_load_explicit(&pressure->most, memory_order_relaxed);
}

static uint32_t held_by(const struct client *client)
{
    const struct owner_table *table = client->owners;

    return table ? atomic_load_explicit(&table->delegation_total, memory_order_relaxed) : 0;
}

/* Clients are asked above the high mark, to return delegations down to the low mark. */
static uint32_t high_mark(uint32_t most)
{
    return most - most / 8;
}

static uint32_t low_mark(uint32_t most)
{
    return most - most / 4;
}

/* ---- which clients to ask ---- */

struct share {
    struct delegation_pressure *pressure;
    uint64_t holders, held;
    uint64_t fair;    /* number that each client may keep at least */
    uint64_t beyond;  /* the sum of holdings above the fair share */
    uint64_t to_free; /* part of `beyond` to be returned */
    struct list *asked;
    uint32_t asked_count;
    int64_t due_ns;
};

static bool count_visited(struct hnode *node, void *arg)
{
    const struct client *client = CONTAINER_OF(node, struct client, by_id);
    uint32_t held = held_by(client);
    struct share *share = arg;

    share->holders += held > 0;
    share->held += held;
    return true;
}

static bool beyond_visited(struct hnode *node, void *arg)
{
    uint32_t held = held_by(CONTAINER_OF(node, struct client, by_id));
    struct share *share = arg;

    share->beyond += held > share->fair ? held - share->fair : 0;
    return true;
}

static bool is_asked(struct delegation_pressure *pressure, const struct client *client)
{
    bool found = false;

    pthread_mutex_lock(&pressure->lock);
    LIST_FOREACH (asked, &pressure->asked, struct delegation_ask, link)
        found = found || asked->client == client;
    pthread_mutex_unlock(&pressure->lock);
    return found;
}

/* The number that a client may keep: its part of `to_free` is returned, and it stays below the
 * limit of one client. */
static uint32_t keep_of(const struct share *share, uint32_t held)
{
    uint64_t keep = held, beyond;

    if (held > share->fair && share->beyond > 0) {
        beyond = held - share->fair;
        keep = held - (beyond * share->to_free + share->beyond - 1) / share->beyond;
    }
    if (held > high_mark(LIMIT_DELEGATIONS_PER_CLIENT) &&
        keep > low_mark(LIMIT_DELEGATIONS_PER_CLIENT))
        keep = low_mark(LIMIT_DELEGATIONS_PER_CLIENT);
    return (uint32_t)keep;
}

static bool choose_visited(struct hnode *node, void *arg)
{
    struct client *client = CONTAINER_OF(node, struct client, by_id);
    struct share *share = arg;
    uint32_t held = held_by(client), keep = keep_of(share, held);
    struct delegation_ask *asked;

    if (keep >= held || is_asked(share->pressure, client))
        return true;
    asked = memory_zalloc(MEMORY_delegations, sizeof(*asked));
    if (!asked)
        return false;
    asked->client = client_get(client);
    asked->keep = keep;
    asked->due_ns = share->due_ns;
    list_push_back(share->asked, &asked->link);
    return ++share->asked_count < LIMIT_RECALL_ANY_CLIENTS;
}

/* Choose clients to ask; `chosen` gets them, linked by `link`. */
static void choose(struct state *state, int64_t now_ns, struct list *chosen)
{
    struct delegation_pressure *pressure = pressure_of(state);
    struct share share = {
        .pressure = pressure,
        .asked = chosen,
        .asked_count = pressure->asked_count, /* used by this thread only */
        .due_ns = now_ns + state->lease_ns,
    };
    uint32_t low = low_mark(limit(pressure));

    list_init(chosen);
    if (share.asked_count >= LIMIT_RECALL_ANY_CLIENTS)
        return;
    pthread_mutex_lock(&state->clients.lock);
    htable_visit(&state->clients.by_id, count_visited, &share);
    if (share.holders > 0) {
        share.fair = low / share.holders;
        share.to_free = share.held > high_mark(limit(pressure)) ? share.held - low : 0;
        htable_visit(&state->clients.by_id, beyond_visited, &share);
        htable_visit(&state->clients.by_id, choose_visited, &share);
    }
    pthread_mutex_unlock(&state->clients.lock);
}

static bool round_due(struct state *state, int64_t now_ns)
{
    struct delegation_pressure *pressure = pressure_of(state);

    if (delegation_held(state->delegations) <= high_mark(limit(pressure)) &&
        !atomic_exchange_explicit(&pressure->client_grown, false, memory_order_relaxed))
        return false;
    if (now_ns < pressure->next_ns)
        return false;
    pressure->next_ns = now_ns + PASS_S * NSEC_PER_SEC;
    return true;
}

static void ask(struct delegation_pressure *pressure, struct delegation_ask *asked)
{
    struct client *client = asked->client;
    const struct delegation_pressure_hooks *hooks = &pressure->hooks;
    uint32_t keep = asked->keep;

    log_info("delegation.recall_any", LOG_ID("client", client->id), LOG_U64("keep", keep),
             LOG_U64("held", held_by(client)));
    pthread_mutex_lock(&pressure->lock);
    list_push_back(&pressure->asked, &asked->link);
    pressure->asked_count++;
    pthread_mutex_unlock(&pressure->lock);
    /* Only this thread removes the entry, so it is still on the list. */
    if (client->kind == CLIENT_V40 || !hooks->recall_any ||
        !hooks->recall_any(client, keep, hooks->context))
        delegation_pressure_answered(client->state, client, false);
}

void delegation_pressure_answered(struct state *state, struct client *client, bool heard)
{
    struct delegation_pressure *pressure = pressure_of(state);

    pthread_mutex_lock(&pressure->lock);
    LIST_FOREACH (asked, &pressure->asked, struct delegation_ask, link) {
        if (asked->client == client && !heard)
            asked->due_ns = 0;
    }
    pthread_mutex_unlock(&pressure->lock);
}

/* ---- clients that do not return enough ---- */

/* Pick the oldest delegations and move them to the end of the list, so that the next time others
 * are picked. */
static uint32_t pick_oldest(struct client *client, uint32_t most, struct delegation **picked)
{
    struct owner_table *table = owner_table_of(client);
    uint32_t count = 0;

    pthread_mutex_lock(&table->lock);
    while (count < most && !list_empty(&table->delegation_list)) {
        struct list *link = table->delegation_list.next;

        picked[count] = LIST_ENTRY(link, struct delegation, client_link);
        if (count > 0 && picked[count] == picked[0])
            break;
        stateid_get(&picked[count++]->sid);
        list_remove(link);
        list_push_back(&table->delegation_list, link);
    }
    pthread_mutex_unlock(&table->lock);
    return count;
}

static void recall_oldest(struct client *client, uint32_t count, int64_t now_ns)
{
    struct delegation *picked[LIMIT_PRESSED_RECALLS_PER_TICK];
    struct list recalls;

    list_init(&recalls);
    count = pick_oldest(client, count, picked);
    for (uint32_t i = 0; i < count; i++) {
        pthread_mutex_lock(&picked[i]->file->lock);
        delegation_recall_locked(picked[i], now_ns, &recalls);
        pthread_mutex_unlock(&picked[i]->file->lock);
        stateid_put(&picked[i]->sid);
    }
    delegation_recall_hooks(client->state, &recalls);
}

/* The number of delegations to recall now, at most `most`.  *done: the entry is off the list
 * and to be dropped. */
static uint32_t overdue(struct delegation_pressure *pressure, struct delegation_ask *asked,
                        uint32_t most, int64_t now_ns, bool *done)
{
    uint32_t held = held_by(asked->client), count = 0;

    pthread_mutex_lock(&pressure->lock);
    if (!asked->due && now_ns >= asked->due_ns) {
        asked->due = true;
        asked->to_recall = held > asked->keep ? held - asked->keep : 0;
    }
    if (asked->due)
        count = asked->to_recall < most ? asked->to_recall : most;
    asked->to_recall -= count;
    *done =
        client_dead(asked->client) || held <= asked->keep || (asked->due && asked->to_recall == 0);
    if (*done) {
        list_remove(&asked->link);
        pressure->asked_count--;
    }
    pthread_mutex_unlock(&pressure->lock);
    return count;
}

/* Only this thread removes entries from the list. */
static void follow_up(struct delegation_pressure *pressure, int64_t now_ns)
{
    uint32_t left = LIMIT_PRESSED_RECALLS_PER_TICK;

    LIST_FOREACH_SAFE (asked, &pressure->asked, struct delegation_ask, link) {
        bool done;
        uint32_t count = overdue(pressure, asked, left, now_ns, &done);

        left -= count;
        if (count > 0)
            recall_oldest(asked->client, count, now_ns);
        if (done)
            asked_drop(asked);
    }
}

/* ---- clients that asked for a signal ---- */

static struct delegation_signal *signal_find_locked(struct delegation_pressure *pressure,
                                                    const struct client *client)
{
    LIST_FOREACH (signal, &pressure->signals, struct delegation_signal, link) {
        if (signal->client == client)
            return signal;
    }
    return NULL;
}

static bool signal_add_locked(struct delegation_pressure *pressure, struct client *client)
{
    struct delegation_signal *signal;

    if (signal_find_locked(pressure, client))
        return true;
    if (pressure->signal_count >= LIMIT_DELEGATION_SIGNALS)
        return false;
    signal = memory_zalloc(MEMORY_delegations, sizeof(*signal));
    if (!signal)
        return false;
    signal->client = client_get(client);
    list_push_back(&pressure->signals, &signal->link);
    pressure->signal_count++;
    return true;
}

static bool at_a_limit(struct state *state, const struct client *client)
{
    return delegation_pressure_full(pressure_of(state), delegation_held(state->delegations)) ||
           held_by(client) >= LIMIT_DELEGATIONS_PER_CLIENT;
}

bool delegation_will_signal(struct state *state, struct client *client)
{
    struct delegation_pressure *pressure = pressure_of(state);
    bool noted;

    if (client->kind == CLIENT_V40 || !pressure->hooks.available || !at_a_limit(state, client) ||
        atomic_load_explicit(&client->back_up, memory_order_relaxed) == 0)
        return false;
    pthread_mutex_lock(&pressure->lock);
    noted = signal_add_locked(pressure, client);
    pthread_mutex_unlock(&pressure->lock);
    return noted;
}

/* Take some of the clients for which there is room now; the others keep their places. */
static uint32_t take_signals(struct delegation_pressure *pressure, struct list *taken)
{
    uint32_t left = LIMIT_SIGNALS_PER_TICK, waiting;

    list_init(taken);
    pthread_mutex_lock(&pressure->lock);
    waiting = pressure->signal_count;
    LIST_FOREACH_SAFE (signal, &pressure->signals, struct delegation_signal, link) {
        if (left == 0)
            break;
        if (!client_dead(signal->client) &&
            held_by(signal->client) > high_mark(LIMIT_DELEGATIONS_PER_CLIENT))
            continue;
        list_remove(&signal->link);
        list_push_back(taken, &signal->link);
        pressure->signal_count--;
        left--;
    }
    pthread_mutex_unlock(&pressure->lock);
    return waiting;
}

static void signal_room(struct state *state)
{
    struct delegation_pressure *pressure = pressure_of(state);
    const struct delegation_pressure_hooks *hooks = &pressure->hooks;
    uint32_t held = delegation_held(state->delegations), high = high_mark(limit(pressure));
    struct list taken, *link;
    uint32_t each;

    if (held >= high)
        return;
    each = take_signals(pressure, &taken);
    each = each > 0 ? (high - held) / each : 0;
    while ((link = list_pop_front(&taken))) {
        struct delegation_signal *signal = LIST_ENTRY(link, struct delegation_signal, link);
        uint32_t has = held_by(signal->client);

        if (!client_dead(signal->client))
            hooks->available(signal->client, has + (each > 0 ? each : 1), hooks->context);
        signal_drop(signal);
    }
}

void delegation_pressure_tick(struct state *state, int64_t now_ns)
{
    struct delegation_pressure *pressure = pressure_of(state);
    struct list chosen, *link;

    if (atomic_exchange_explicit(&pressure->ticking, true, memory_order_acquire))
        return;
    if (round_due(state, now_ns)) {
        choose(state, now_ns, &chosen);
        while ((link = list_pop_front(&chosen)))
            ask(pressure, LIST_ENTRY(link, struct delegation_ask, link));
    }
    follow_up(pressure, now_ns);
    signal_room(state);
    atomic_store_explicit(&pressure->ticking, false, memory_order_release);
}
