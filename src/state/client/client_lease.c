/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases: which clients are silent for how long, and which have to go.
 *
 * Every confirmed client is looked at in turn, often enough that a request in progress is seen
 * before its lease is over, so that the lease can be renewed for it; the request's own thread reads
 * no clock when it ends.
 */
#include "state/client/client_lease.h"

#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "state/client/client_hooks.h"
#include "state/client/client_table.h"

enum {
    SWEEP_BATCH = 64,         /* clients looked at with the table locked once */
    SHED_BATCH = 16,          /* clients whose sessions go before the budget is looked at again */
    SHED_MOST = 256,          /* clients in one turn of the timer */
    SWEEP_PAUSE_NS = 50000,   /* between batches */
    TIMER_NS = 1250000000,    /* from one turn of the timer to the next, at the most */
    UNCONFIRMED_FRACTION = 8, /* of a full table: that many mean a flood */
};

/* So often that a request that ends between two looks was renewed for within the margin. */
static int64_t check_interval_ns(const struct state *state)
{
    int64_t interval = state->margin_ns - TIMER_NS;

    return interval > 0 ? interval : 1;
}

/* seq_cst: see stateid_revoked(). */
static bool request_runs_locked(struct client *client)
{
    if (atomic_load_explicit(&client->running, memory_order_seq_cst) > 0)
        return true;
    return client->state->client_hooks->sessions_busy_locked(client);
}

static bool has_state(struct client *client)
{
    const struct state_client_hooks *hooks = &client->state->hooks;

    return hooks->has_state && hooks->has_state(client->state, client);
}

static uint32_t revoked_count(const struct client *client)
{
    return atomic_load_explicit(&client->revoked_count, memory_order_relaxed);
}

bool client_lapsed_locked(struct client *client, int64_t now_ns)
{
    return client_lease_over(client, now_ns) && !request_runs_locked(client);
}

bool client_lapsed(struct client *client, int64_t now_ns)
{
    struct state *state = client->state;
    bool lapsed;

    if (!client_lease_over(client, now_ns))
        return false;
    pthread_mutex_lock(&state->clients.lock);
    /* The sessions of a dead one are not ours to look at. */
    lapsed = client_dead(client) || client_lapsed_locked(client, now_ns);
    pthread_mutex_unlock(&state->clients.lock);
    return lapsed;
}

bool client_request_runs(struct client *client)
{
    struct state *state = client->state;
    bool runs;

    pthread_mutex_lock(&state->clients.lock);
    runs = !client_dead(client) && request_runs_locked(client);
    pthread_mutex_unlock(&state->clients.lock);
    return runs;
}

void client_queue_locked(struct client *client)
{
    struct client_table *clients = &client->state->clients;

    list_remove(&client->all_link);
    if (client->confirmed) {
        int64_t renewed = atomic_load_explicit(&client->renewed_ns, memory_order_relaxed);

        client->check_ns = renewed + check_interval_ns(client->state);
        list_push_back(&clients->confirmed, &client->all_link);
    } else {
        list_push_back(&clients->unconfirmed, &client->all_link);
        clients->unconfirmed_count++;
    }
}

static void courtesy_end_locked(struct client *client)
{
    if (list_empty(&client->courtesy_link))
        return;
    list_remove(&client->courtesy_link);
    list_remove(&client->shed_link);
    client->state->clients.courtesy_count--;
}

void client_unqueue_locked(struct client *client)
{
    list_remove(&client->all_link);
    courtesy_end_locked(client);
    if (!client->confirmed)
        client->state->clients.unconfirmed_count--;
}

static void courtesy_begin_locked(struct client *client)
{
    struct client_table *clients = &client->state->clients;

    if (!list_empty(&client->courtesy_link))
        return;
    list_push_back(&clients->courtesy, &client->courtesy_link);
    list_push_back(&clients->to_shed, &client->shed_link);
    clients->courtesy_count++;
}

static bool courtesy_over(struct client *client, int64_t now_ns)
{
    bool holds = has_state(client) || revoked_count(client) > 0;
    int64_t limit_s = holds ? LIMIT_COURTESY_S : LIMIT_COURTESY_IDLE_S;

    return client_silent_ns(client, now_ns) > client->state->lease_ns + limit_s * NSEC_PER_SEC;
}

/* A request runs: its lease is not over before one has passed after its end (§8.3). */
static bool held_by_request_locked(struct client *client, int64_t now_ns)
{
    if (client_renewed_now(client, now_ns) || !request_runs_locked(client))
        return false;
    client_renew(client, now_ns);
    return true;
}

static bool told_before(const struct client *client, int64_t before_ns)
{
    int64_t since = atomic_load_explicit(&client->told_since_ns, memory_order_relaxed);

    return since != 0 && since < before_ns;
}

/* Of 4.0: what was told before that has been heard, or would have been asked for again. */
static int64_t told_for_sure_ns(const struct client *client)
{
    return atomic_load_explicit(&client->renewed_ns, memory_order_relaxed) -
           client->state->lease_ns;
}

/* What is to be done for some clients when the lock is back. */
struct round {
    struct list doomed;
    struct client *told[SWEEP_BATCH]; /* a reference each */
    uint32_t told_count;
};

static void check_locked(struct client *client, int64_t now_ns, struct list *doomed)
{
    if (held_by_request_locked(client, now_ns) || !client_lease_over(client, now_ns))
        courtesy_end_locked(client);
    else if (courtesy_over(client, now_ns))
        client_unhash_locked(client, doomed);
    else
        courtesy_begin_locked(client);
}

/* Look at the next client that is due.  False: there is none. */
static bool check_next_locked(struct state *state, int64_t now_ns, struct round *round)
{
    struct client_table *clients = &state->clients;
    struct client *client;

    if (list_empty(&clients->confirmed))
        return false;
    client = LIST_ENTRY(clients->confirmed.next, struct client, all_link);
    if (client->check_ns > now_ns)
        return false;
    client->check_ns = now_ns + check_interval_ns(state);
    list_remove(&client->all_link);
    list_push_back(&clients->confirmed, &client->all_link);
    check_locked(client, now_ns, &round->doomed);
    if (told_before(client, told_for_sure_ns(client)))
        round->told[round->told_count++] = client_get(client);
    return true;
}

static void round_finish(struct state *state, struct round *round)
{
    client_bury(state, &round->doomed);
    for (uint32_t i = 0; i < round->told_count; i++) {
        if (!client_dead(round->told[i]))
            state->client_hooks->losses_settle_told(round->told[i],
                                                    told_for_sure_ns(round->told[i]));
        client_put(round->told[i]);
    }
}

static struct client *oldest_unconfirmed_locked(struct client_table *clients)
{
    if (list_empty(&clients->unconfirmed))
        return NULL;
    return LIST_ENTRY(clients->unconfirmed.next, struct client, all_link);
}

static bool drop_unconfirmed_locked(struct state *state, int64_t now_ns, struct list *doomed)
{
    struct client *client = oldest_unconfirmed_locked(&state->clients);

    if (!client || !client_expired(client, now_ns))
        return false;
    client_unhash_locked(client, doomed);
    return true;
}

/* Let a waiting thread have the table: a mutex alone would favour this one. */
static void let_others(void)
{
    const struct timespec pause = {.tv_nsec = SWEEP_PAUSE_NS};

    (void)nanosleep(&pause, NULL);
}

void client_sweep(struct state *state, int64_t now_ns)
{
    bool more = true;

    while (more) {
        struct round round = {.told_count = 0};

        list_init(&round.doomed);
        pthread_mutex_lock(&state->clients.lock);
        for (int i = 0; i < SWEEP_BATCH && more; i++)
            more = drop_unconfirmed_locked(state, now_ns, &round.doomed) ||
                   check_next_locked(state, now_ns, &round);
        pthread_mutex_unlock(&state->clients.lock);
        round_finish(state, &round);
        if (more)
            let_others();
    }
}

bool client_evict_locked(struct state *state, const struct client *spare, int64_t now_ns,
                         struct list *doomed)
{
    LIST_FOREACH_SAFE (client, &state->clients.courtesy, struct client, courtesy_link) {
        if (client == spare)
            continue;
        if (client_lapsed_locked(client, now_ns)) {
            client_unhash_locked(client, doomed);
            return true;
        }
        courtesy_end_locked(client);
    }
    return false;
}

/* False: no silent client is left that has not been looked at. */
static bool shed_next_locked(struct client_table *clients, int64_t now_ns, struct list *ended)
{
    struct client *client;

    if (list_empty(&clients->to_shed))
        return false;
    client = LIST_ENTRY(clients->to_shed.next, struct client, shed_link);
    list_remove(&client->shed_link);
    if (client_lapsed_locked(client, now_ns))
        client->state->client_hooks->sessions_end_idle_locked(client, ended);
    else
        courtesy_end_locked(client);
    return true;
}

void client_shed_sessions(struct state *state, int64_t now_ns)
{
    bool more = true;

    while (more && reply_budget_scarce(&state->reply_budget)) {
        struct list ended;

        list_init(&ended);
        pthread_mutex_lock(&state->clients.lock);
        for (int i = 0; i < SHED_BATCH && more; i++)
            more = shed_next_locked(&state->clients, now_ns, &ended);
        pthread_mutex_unlock(&state->clients.lock);
        state->client_hooks->sessions_bury(&ended);
        if (more)
            let_others();
    }
}

static uint32_t shed_batch(struct state *state, int64_t now_ns)
{
    struct list doomed;
    uint32_t shed = 0;

    list_init(&doomed);
    pthread_mutex_lock(&state->clients.lock);
    while (shed < SHED_BATCH && client_evict_locked(state, NULL, now_ns, &doomed))
        shed++;
    pthread_mutex_unlock(&state->clients.lock);
    client_bury(state, &doomed);
    return shed;
}

void client_shed(struct state *state, int64_t now_ns)
{
    uint32_t shed, total = 0;

    if (!atomic_load_explicit(&state->shortage, memory_order_relaxed) &&
        !state_limits_scarce(state))
        return;
    /* What falls short from here on counts for the next time. */
    atomic_store_explicit(&state->shortage, false, memory_order_relaxed);
    do {
        shed = shed_batch(state, now_ns);
        total += shed;
        if (shed > 0)
            let_others();
    } while (shed == SHED_BATCH && total < SHED_MOST &&
             (state_limits_scarce(state) || memory_is_tight()));
    if (total > 0)
        log_info("client.courtesy_short", LOG_U64("clients", total));
}

static bool evict_unconfirmed_locked(struct state *state, struct list *doomed)
{
    struct client *client = oldest_unconfirmed_locked(&state->clients);

    if (!client)
        return false;
    client_unhash_locked(client, doomed);
    return true;
}

/* Many unconfirmed records are a flood, which must cost no client its state.  A few are clients
 * about to be confirmed. */
bool client_make_room_locked(struct state *state, const struct client_address *address,
                             int64_t now_ns, struct list *doomed)
{
    struct client_table *clients = &state->clients;
    uint32_t most = state_limit_most(state, STATE_LIMIT_clients);

    if (!client_address_make_room_locked(state, address, now_ns, doomed))
        return false;
    while (clients->count >= most) {
        bool flood = clients->unconfirmed_count > most / UNCONFIRMED_FRACTION;

        if (flood && evict_unconfirmed_locked(state, doomed))
            continue;
        if (client_evict_locked(state, NULL, now_ns, doomed))
            continue;
        if (!evict_unconfirmed_locked(state, doomed))
            return state_limit_admits(state, STATE_LIMIT_clients, clients->count, 1);
    }
    return true;
}
