/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of the state tables: made with random keys, swept by a timer, taken down at the end.
 * This file stands above all folders of state/ and connects them.
 */
#include "state/state.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "state/client/client_hooks.h"
#include "state/client/client_info.h"
#include "state/client/client_sweep.h"
#include "state/client/client_table.h"
#include "state/delegation/delegation_notify.h"
#include "state/delegation/delegation_pressure.h"
#include "state/delegation/delegation_revoke.h"
#include "state/delegation/delegation_tables.h"
#include "state/file/open_tables.h"
#include "state/file/owner.h"
#include "state/file/revocation.h"
#include "state/lock/lock_conflict.h"
#include "state/lock/lock_notice.h"
#include "state/lock/lock_notice_send.h"
#include "state/open/open.h"
#include "state/open/open_revoke.h"
#include "state/recovery/recovery.h"
#include "state/recovery/recovery_grace.h"
#include "state/session/session_client.h"
#include "state/session/session_stats.h"
#include "state/session/slot_recall.h"

enum {
    LEASE_DEFAULT_S = 90
};

/* Two ticks fit into it. */
static const int64_t lease_margin_min_ns = NSEC_PER_SEC * 5 / 4;

static uint64_t random_u64(void)
{
    uint64_t value;

    randombytes_buf(&value, sizeof(value));
    return value;
}

static uint32_t value_or(uint32_t value, uint32_t otherwise)
{
    return value ? value : otherwise;
}

static struct recovery *recovery_none(void)
{
    char error[128];
    const struct recovery_config none = {.dir = -1};
    struct recovery *recovery = recovery_open(&none, clock_now_ns(), error, sizeof(error));

    CHECK(recovery != NULL);
    return recovery;
}

static void describe_locked(struct client *client, struct client_info *info)
{
    session_client_describe_locked(client, info);
    owner_table_describe(client->owners, info);
}

/* What goes upwards in the order of the folders. */
static const struct client_hooks client_hooks = {
    .sessions_unhash_locked = session_client_unhash_locked,
    .sessions_end_idle_locked = session_client_end_idle_locked,
    .sessions_busy_locked = session_client_busy_locked,
    .sessions_release = session_client_release,
    .owners_create = owner_table_create,
    .owners_destroy = owner_table_destroy,
    .losses_announce = revocation_announce,
    .losses_settle_reported = revocation_settle_reported,
    .describe_locked = describe_locked,
};

static const struct lock_conflict_hooks lock_conflict_hooks = {
    .revoke_locked = open_revoke_locked,
    .revoke_settle = open_revoke_settle,
};

static void mutex_init(pthread_mutex_t *lock)
{
    CHECK(pthread_mutex_init(lock, NULL) == 0);
}

static void clients_init(struct client_table *clients)
{
    mutex_init(&clients->lock);
    htable_init(&clients->by_id, 64);
    htable_init(&clients->by_owner, 64);
    htable_init(&clients->by_address, 64);
    list_init(&clients->confirmed);
    list_init(&clients->unconfirmed);
    list_init(&clients->courtesy);
    list_init(&clients->courtesy_sessions);
    clients->owner_seed = random_u64();
}

struct state *state_create(const struct state_config *config)
{
    struct state *state;

    CHECK(sodium_init() >= 0);
    state = must_calloc(1, sizeof(*state));
    state->lease_s = value_or(config->lease_s, LEASE_DEFAULT_S);
    state->lease_ns = (int64_t)state->lease_s * NSEC_PER_SEC;
    state->margin_ns =
        state->lease_ns / 8 > lease_margin_min_ns ? state->lease_ns / 8 : lease_margin_min_ns;
    state->boot_id = config->boot_id ? config->boot_id : random_u64();
    state->server_owner = must_strdup(config->server_owner ? config->server_owner : "mainstay");
    state_limits_init(&state->limits);
    state_limit_set(state, STATE_LIMIT_sessions, value_or(config->sessions_max, LIMIT_SESSIONS));
    state_limit_set(state, STATE_LIMIT_clients, value_or(config->clients_max, LIMIT_CLIENTS));
    atomic_init(&state->slots_initial, value_or(config->slots_initial, LIMIT_SLOTS_DEFAULT));
    reply_budget_init(&state->reply_budget, config->reply_budget_bytes ? config->reply_budget_bytes
                                                                       : LIMIT_REPLY_BUDGET_BYTES);
    state->digest_seed = random_u64();
    state->counters = counter_set_create(SESSION_COUNTER_COUNT);
    clients_init(&state->clients);
    for (size_t i = 0; i < SESSION_SHARDS; i++) {
        mutex_init(&state->session_shards[i].lock);
        htable_init(&state->session_shards[i].table, 8);
    }
    state->opens = open_tables_create(state->boot_id);
    state->lock_notices = lock_notices_create();
    state->delegations = delegation_tables_create();
    state->recovery = config->recovery ? config->recovery : recovery_none();
    state->client_hooks = &client_hooks;
    state->lock_conflict_hooks = &lock_conflict_hooks;
    state_hook_clients(state, &open_hooks);
    return state;
}

void state_hook_clients(struct state *state, const struct state_client_hooks *hooks)
{
    state->hooks = *hooks;
}

void state_hook_gone(struct state *state, const struct state_gone_hook *hook)
{
    state->gone_hook = *hook;
}

void state_hook_back(struct state *state, const struct state_back_hooks *hooks)
{
    state->back_hooks = *hooks;
}

void state_beat(struct state *state, int64_t now_ns)
{
    int64_t stall_ns = stall_beat(&state->stall, now_ns);

    if (stall_ns == 0)
        return;
    recovery_grace_prolong(state->recovery, now_ns);
    log_warn("state.stall", LOG_U64("ms", stall_ns / NSEC_PER_MSEC),
             LOG_STR("note", "the server stood still: leases begin anew"));
}

void state_tick(struct state *state, int64_t now_ns)
{
    client_sweep(state, now_ns);
    client_end_expired_sessions(state, now_ns);
    client_evict_expired(state, now_ns);
    state_limits_tick(state);
    slot_recall_tick(state, now_ns);
    lock_notice_tick(state);
    delegation_tick(state, now_ns);
    delegation_pressure_tick(state, now_ns);
    delegation_notify_tick(state, now_ns);
    recovery_tick(state->recovery, now_ns);
}

void state_destroy(struct state *state)
{
    struct list doomed;

    list_init(&doomed);
    recovery_stop(state->recovery);
    stateid_settle(state->opens->stateids);
    pthread_mutex_lock(&state->clients.lock);
    LIST_FOREACH_SAFE (client, &state->clients.confirmed, struct client, all_link)
        client_unhash_locked(client, &doomed);
    LIST_FOREACH_SAFE (client, &state->clients.unconfirmed, struct client, all_link)
        client_unhash_locked(client, &doomed);
    pthread_mutex_unlock(&state->clients.lock);
    client_release(state, &doomed);
    delegation_tables_destroy(state->delegations);
    lock_notices_destroy(state->lock_notices);
    open_tables_destroy(state->opens);
    recovery_close(state->recovery);
    for (size_t i = 0; i < SESSION_SHARDS; i++) {
        htable_fini(&state->session_shards[i].table);
        pthread_mutex_destroy(&state->session_shards[i].lock);
    }
    htable_fini(&state->clients.by_id);
    htable_fini(&state->clients.by_owner);
    htable_fini(&state->clients.by_address);
    pthread_mutex_destroy(&state->clients.lock);
    counter_set_destroy(state->counters);
    free(state->server_owner);
    free(state);
}
