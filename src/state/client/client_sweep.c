/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which clients are silent for how long, and which have to go.
 *
 * The timer examines all confirmed clients in turn.  It does so often enough to renew the lease of
 * a client before it expires while a request runs, since the request's thread does not read the
 * clock at its end.
 */
#include "state/client/client_sweep.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "state/client/client_hooks.h"
#include "state/client/client_lease.h"
#include "state/client/client_queue.h"
#include "state/client/client_room.h"
#include "state/client/client_table.h"

enum {
    SWEEP_BATCH = 64, /* clients looked at with the table locked once */
    EVICT_BATCH = 16, /* clients whose sessions go before the budget is looked at again */
    EVICT_MAX = 256   /* clients in one turn of the timer */
};

static bool has_state(struct client *client)
{
    const struct state_client_hooks *hooks = &client->state->hooks;

    return hooks->has_state && hooks->has_state(client->state, client);
}

static uint32_t revoked_count(const struct client *client)
{
    return atomic_load_explicit(&client->revoked_count, memory_order_relaxed);
}

static bool courtesy_over(struct client *client, int64_t now_ns)
{
    bool holds = has_state(client) || revoked_count(client) > 0;
    int64_t limit_s = holds ? LIMIT_COURTESY_S : LIMIT_COURTESY_IDLE_S;

    return client_silent_ns(client, now_ns) > client->state->lease_ns + limit_s * NSEC_PER_SEC;
}

/* Renew the lease if a request runs: it expires one lease period after the request's end (§8.3). */
static bool held_by_request_locked(struct client *client, int64_t now_ns)
{
    if (client_renewed_now(client, now_ns) || !client_request_runs_locked(client))
        return false;
    client_renew(client, now_ns);
    return true;
}

static bool reported_before(const struct client *client, int64_t before_ns)
{
    int64_t since = atomic_load_explicit(&client->reported_since_ns, memory_order_relaxed);

    return since != 0 && since < before_ns;
}

/* A client of 4.0 has received all replies sent before this time: it would have repeated a request
 * without a reply. */
static int64_t received_until_ns(const struct client *client)
{
    return atomic_load_explicit(&client->renewed_ns, memory_order_relaxed) -
           client->state->lease_ns;
}

/* Work for some clients, to be done when the lock is released. */
struct round {
    struct list doomed;
    struct client *reported[SWEEP_BATCH]; /* a reference each */
    uint32_t reported_count;
};

static void check_locked(struct client *client, int64_t now_ns, struct list *doomed)
{
    if (held_by_request_locked(client, now_ns) || !client_lease_over(client, now_ns))
        client_courtesy_end_locked(client);
    else if (courtesy_over(client, now_ns))
        client_unhash_locked(client, doomed);
    else
        client_courtesy_begin_locked(client);
}

/* Examine the next client that is due.  False: no client is due. */
static bool check_next_locked(struct state *state, int64_t now_ns, struct round *round)
{
    struct client *client = client_queue_due_locked(state, now_ns);

    if (!client)
        return false;
    check_locked(client, now_ns, &round->doomed);
    if (reported_before(client, received_until_ns(client)))
        round->reported[round->reported_count++] = client_get(client);
    return true;
}

static void round_finish(struct state *state, struct round *round)
{
    client_release(state, &round->doomed);
    for (uint32_t i = 0; i < round->reported_count; i++) {
        if (!client_dead(round->reported[i]))
            state->client_hooks->losses_settle_reported(round->reported[i],
                                                        received_until_ns(round->reported[i]));
        client_put(round->reported[i]);
    }
}

static bool drop_unconfirmed_locked(struct state *state, int64_t now_ns, struct list *doomed)
{
    struct client *client = client_queue_unconfirmed_locked(&state->clients);

    if (!client || !client_expired(client, now_ns))
        return false;
    client_unhash_locked(client, doomed);
    return true;
}

void client_sweep(struct state *state, int64_t now_ns)
{
    bool more = true;

    while (more) {
        struct round round = {.reported_count = 0};

        list_init(&round.doomed);
        pthread_mutex_lock(&state->clients.lock);
        for (int i = 0; i < SWEEP_BATCH && more; i++)
            more = drop_unconfirmed_locked(state, now_ns, &round.doomed) ||
                   check_next_locked(state, now_ns, &round);
        pthread_mutex_unlock(&state->clients.lock);
        round_finish(state, &round);
        if (more)
            client_table_let_others();
    }
}

/* False: all silent clients have been examined. */
static bool end_next_sessions_locked(struct client_table *clients, int64_t now_ns,
                                     struct list *ended)
{
    struct client *client;

    if (list_empty(&clients->courtesy_sessions))
        return false;
    client = LIST_ENTRY(clients->courtesy_sessions.next, struct client, courtesy_sessions_link);
    list_remove(&client->courtesy_sessions_link);
    if (client_lapsed_locked(client, now_ns))
        client->state->client_hooks->sessions_end_idle_locked(client, ended);
    else
        client_courtesy_end_locked(client);
    return true;
}

void client_end_expired_sessions(struct state *state, int64_t now_ns)
{
    bool more = true;

    while (more && reply_budget_scarce(&state->reply_budget)) {
        struct list ended;

        list_init(&ended);
        pthread_mutex_lock(&state->clients.lock);
        for (int i = 0; i < EVICT_BATCH && more; i++)
            more = end_next_sessions_locked(&state->clients, now_ns, &ended);
        pthread_mutex_unlock(&state->clients.lock);
        state->client_hooks->sessions_release(&ended);
        if (more)
            client_table_let_others();
    }
}

static uint32_t evict_batch(struct state *state, int64_t now_ns)
{
    struct list doomed;
    uint32_t evicted = 0;

    list_init(&doomed);
    pthread_mutex_lock(&state->clients.lock);
    while (evicted < EVICT_BATCH && client_evict_locked(state, NULL, now_ns, &doomed))
        evicted++;
    pthread_mutex_unlock(&state->clients.lock);
    client_release(state, &doomed);
    return evicted;
}

void client_evict_expired(struct state *state, int64_t now_ns)
{
    uint32_t evicted, total = 0;

    if (!atomic_load_explicit(&state->shortage, memory_order_relaxed) &&
        !state_limits_scarce(state))
        return;
    /* A shortage that occurs from here on counts for the next turn. */
    atomic_store_explicit(&state->shortage, false, memory_order_relaxed);
    do {
        evicted = evict_batch(state, now_ns);
        total += evicted;
        if (evicted > 0)
            client_table_let_others();
    } while (evicted == EVICT_BATCH && total < EVICT_MAX &&
             (state_limits_scarce(state) || memory_is_tight()));
    if (total > 0)
        log_info("client.courtesy_evicted", LOG_U64("clients", total));
}
