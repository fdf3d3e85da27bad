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
    bool directories;      /* to return those of directories */
    uint32_t keep;
    int64_t due_ns;
    uint32_t to_recall; /* number of delegations still to be recalled once it is due */
    bool due;
};

/* A client that wants to be told when delegations are available. */
struct delegation_signal {
    struct list link;
    struct client *client; /* a reference */
    bool directories;      /* those of directories */
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

static uint32_t directories_of(const struct client *client)
{
    const struct owner_table *table = client->owners;

    return table ? atomic_load_explicit(&table->directory_total, memory_order_relaxed) : 0;
}

static uint32_t held_of(const struct client *client, bool directories)
{
    return directories ? directories_of(client) : held_by(client);
}

/* That part of a limit. */
static uint32_t part(uint32_t most, bool directories)
{
    return directories ? delegation_directories_of(most) : most;
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
    bool directories; /* counted alone */
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
    struct share *share = arg;
    uint32_t held = held_of(CONTAINER_OF(node, struct client, by_id), share->directories);

    share->holders += held > 0;
    share->held += held;
    return true;
}

static bool beyond_visited(struct hnode *node, void *arg)
{
    struct share *share = arg;
    uint32_t held = held_of(CONTAINER_OF(node, struct client, by_id), share->directories);

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
    const uint32_t most = part(LIMIT_DELEGATIONS_PER_CLIENT, share->directories);
    uint64_t keep = held, beyond;

    if (held > share->fair && share->beyond > 0) {
        beyond = held - share->fair;
        keep = held - (beyond * share->to_free + share->beyond - 1) / share->beyond;
    }
    if (held > high_mark(most) && keep > low_mark(most))
        keep = low_mark(most);
    return (uint32_t)keep;
}

static bool choose_visited(struct hnode *node, void *arg)
{
    struct client *client = CONTAINER_OF(node, struct client, by_id);
    struct share *share = arg;
    uint32_t held = held_of(client, share->directories), keep = keep_of(share, held);
    struct delegation_ask *asked;

    if (keep >= held || is_asked(share->pressure, client))
        return true;
    asked = memory_zalloc(MEMORY_delegations, sizeof(*asked));
    if (!asked)
        return false;
    asked->client = client_get(client);
    asked->directories = share->directories;
    asked->keep = keep;
    asked->due_ns = share->due_ns;
    list_push_back(share->asked, &asked->link);
    return ++share->asked_count < LIMIT_RECALL_ANY_CLIENTS;
}

/* Choose clients to ask; `chosen` gets them, linked by `link`. */
static void choose(struct state *state, int64_t now_ns, bool directories, struct list *chosen)
{
    struct delegation_pressure *pressure = pressure_of(state);
    struct share share = {
        .pressure = pressure,
        .directories = directories,
        .asked = chosen,
        .asked_count = pressure->asked_count, /* used by this thread only */
        .due_ns = now_ns + state->lease_ns,
    };
    uint32_t most = part(limit(pressure), directories), low = low_mark(most);

    list_init(chosen);
    if (share.asked_count >= LIMIT_RECALL_ANY_CLIENTS)
        return;
    pthread_mutex_lock(&state->clients.lock);
    htable_visit(&state->clients.by_id, count_visited, &share);
    if (share.holders > 0) {
        share.fair = low / share.holders;
        share.to_free = share.held > high_mark(most) ? share.held - low : 0;
        htable_visit(&state->clients.by_id, beyond_visited, &share);
        htable_visit(&state->clients.by_id, choose_visited, &share);
    }
    pthread_mutex_unlock(&state->clients.lock);
}

static bool is_crowded(struct state *state, bool directories)
{
    struct delegation_tables *tables = state->delegations;
    uint32_t held =
        directories ? delegation_held_of(tables, DELEGATION_DIRECTORY) : delegation_held(tables);

    return held > high_mark(part(limit(&tables->pressure), directories)) ||
           atomic_exchange_explicit(&tables->pressure.client_grown[directories], false,
                                    memory_order_relaxed);
}

static void ask(struct delegation_pressure *pressure, struct delegation_ask *asked)
{
    struct client *client = asked->client;
    const struct delegation_pressure_hooks *hooks = &pressure->hooks;
    enum delegation_any any = directories_of(client) > 0 ? DELEGATION_ANY : DELEGATION_ANY_FILE;
    uint32_t keep = asked->keep;

    if (asked->directories)
        any = DELEGATION_ANY_DIRECTORY;
    log_info("delegation.recall_any", LOG_ID("client", client->id), LOG_U64("keep", keep),
             LOG_U64("held", held_of(client, asked->directories)));
    pthread_mutex_lock(&pressure->lock);
    list_push_back(&pressure->asked, &asked->link);
    pressure->asked_count++;
    pthread_mutex_unlock(&pressure->lock);
    /* Only this thread removes the entry, so it is still on the list. */
    if (client->kind == CLIENT_V40 || !hooks->recall_any ||
        !hooks->recall_any(client, keep, any, hooks->context))
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
static uint32_t pick_oldest(struct client *client, bool directories, uint32_t most,
                            struct delegation **picked)
{
    struct owner_table *table = owner_table_of(client);
    uint32_t count = 0;

    pthread_mutex_lock(&table->lock);
    for (size_t left = table->delegations.count; left > 0 && count < most; left--) {
        struct list *link = table->delegation_list.next;
        struct delegation *delegation = LIST_ENTRY(link, struct delegation, client_link);

        list_remove(link);
        list_push_back(&table->delegation_list, link);
        if (directories && delegation->kind != DELEGATION_DIRECTORY)
            continue;
        stateid_get(&delegation->sid);
        picked[count++] = delegation;
    }
    pthread_mutex_unlock(&table->lock);
    return count;
}

static void recall_oldest(struct client *client, bool directories, uint32_t count, int64_t now_ns)
{
    struct delegation *picked[LIMIT_PRESSED_RECALLS_PER_TICK];
    struct list recalls;

    list_init(&recalls);
    count = pick_oldest(client, directories, count, picked);
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
    uint32_t held = held_of(asked->client, asked->directories), count = 0;

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
            recall_oldest(asked->client, asked->directories, count, now_ns);
        if (done)
            asked_drop(asked);
    }
}

/* ---- clients that asked for a signal ---- */

static struct delegation_signal *signal_find_locked(struct delegation_pressure *pressure,
                                                    const struct client *client, bool directories)
{
    LIST_FOREACH (signal, &pressure->signals, struct delegation_signal, link) {
        if (signal->client == client && signal->directories == directories)
            return signal;
    }
    return NULL;
}

static bool signal_add_locked(struct delegation_pressure *pressure, struct client *client,
                              bool directories)
{
    struct delegation_signal *signal;

    if (signal_find_locked(pressure, client, directories))
        return true;
    if (pressure->signal_count >= LIMIT_DELEGATION_SIGNALS)
        return false;
    signal = memory_zalloc(MEMORY_delegations, sizeof(*signal));
    if (!signal)
        return false;
    signal->client = client_get(client);
    signal->directories = directories;
    list_push_back(&pressure->signals, &signal->link);
    pressure->signal_count++;
    return true;
}

static bool at_a_limit(struct state *state, const struct client *client, bool directory)
{
    const struct delegation_tables *tables = state->delegations;
    uint32_t of_client = delegation_directories_of(LIMIT_DELEGATIONS_PER_CLIENT);

    if (delegation_pressure_full(&tables->pressure, delegation_held(tables)) ||
        held_by(client) >= LIMIT_DELEGATIONS_PER_CLIENT)
        return true;
    return directory && (directories_of(client) >= of_client ||
                         delegation_pressure_full_of_directories(
                             &tables->pressure, delegation_held_of(tables, DELEGATION_DIRECTORY)));
}

bool delegation_will_signal(struct state *state, struct client *client, bool directory)
{
    struct delegation_pressure *pressure = pressure_of(state);
    bool noted;

    if (client->kind == CLIENT_V40 || !pressure->hooks.available ||
        !at_a_limit(state, client, directory) ||
        atomic_load_explicit(&client->back_up, memory_order_relaxed) == 0)
        return false;
    pthread_mutex_lock(&pressure->lock);
    noted = signal_add_locked(pressure, client, directory);
    pthread_mutex_unlock(&pressure->lock);
    return noted;
}

/* How many more delegations there can be before clients are asked. */
static uint32_t room(const struct state *state, bool directories)
{
    const struct delegation_tables *tables = state->delegations;
    uint32_t most = limit(&tables->pressure);
    uint32_t high = high_mark(most), held = delegation_held(tables);
    uint32_t left = held < high ? high - held : 0;

    if (!directories)
        return left;
    high = high_mark(delegation_directories_of(most));
    held = delegation_held_of(tables, DELEGATION_DIRECTORY);
    held = held < high ? high - held : 0;
    return held < left ? held : left;
}

static bool is_ready(const struct state *state, const struct delegation_signal *signal)
{
    const struct client *client = signal->client;

    if (client_dead(client))
        return true;
    if (room(state, signal->directories) == 0 ||
        held_by(client) > high_mark(LIMIT_DELEGATIONS_PER_CLIENT))
        return false;
    return !signal->directories ||
           directories_of(client) <=
               high_mark(delegation_directories_of(LIMIT_DELEGATIONS_PER_CLIENT));
}

/* Take some of the clients for which there is room now; the others keep their places. */
static uint32_t take_signals(struct state *state, struct list *taken)
{
    struct delegation_pressure *pressure = pressure_of(state);
    uint32_t left = LIMIT_SIGNALS_PER_TICK, waiting;

    list_init(taken);
    pthread_mutex_lock(&pressure->lock);
    waiting = pressure->signal_count;
    LIST_FOREACH_SAFE (signal, &pressure->signals, struct delegation_signal, link) {
        if (left == 0)
            break;
        if (!is_ready(state, signal))
            continue;
        list_remove(&signal->link);
        list_push_back(taken, &signal->link);
        pressure->signal_count--;
        left--;
    }
    pthread_mutex_unlock(&pressure->lock);
    return waiting;
}

/* `waiting` clients share the room. */
static void tell(struct state *state, const struct delegation_signal *signal, uint32_t waiting)
{
    const struct delegation_pressure_hooks *hooks = &pressure_of(state)->hooks;
    uint32_t has = held_of(signal->client, signal->directories);
    uint32_t each = room(state, signal->directories) / waiting;

    if (!client_dead(signal->client))
        hooks->available(signal->client, has + (each > 0 ? each : 1), signal->directories,
                         hooks->context);
}

static void signal_room(struct state *state)
{
    struct list taken, *link;
    uint32_t waiting;

    if (room(state, false) == 0)
        return;
    waiting = take_signals(state, &taken);
    while ((link = list_pop_front(&taken))) {
        struct delegation_signal *signal = LIST_ENTRY(link, struct delegation_signal, link);

        tell(state, signal, waiting);
        signal_drop(signal);
    }
}

/* One round about all, and one about directories. */
static void ask_some(struct state *state, int64_t now_ns)
{
    struct delegation_pressure *pressure = pressure_of(state);
    struct list chosen, *link;

    if (now_ns < pressure->next_ns)
        return;
    for (int directories = 0; directories < 2; directories++) {
        if (!is_crowded(state, directories))
            continue;
        pressure->next_ns = now_ns + PASS_S * NSEC_PER_SEC;
        choose(state, now_ns, directories, &chosen);
        while ((link = list_pop_front(&chosen)))
            ask(pressure, LIST_ENTRY(link, struct delegation_ask, link));
    }
}

void delegation_pressure_tick(struct state *state, int64_t now_ns)
{
    struct delegation_pressure *pressure = pressure_of(state);

    if (atomic_exchange_explicit(&pressure->ticking, true, memory_order_acquire))
        return;
    ask_some(state, now_ns);
    follow_up(pressure, now_ns);
    signal_room(state);
    atomic_store_explicit(&pressure->ticking, false, memory_order_release);
}
