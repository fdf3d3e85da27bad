/* SPDX-License-Identifier: Apache-2.0 */
#include "state/client/client_info.h"

#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "state/client/client_hooks.h"
#include "state/client/client_lease.h"
#include "state/client/client_record.h"
#include "state/client/client_table.h"

/* What one holding of the lock looks at: a session's lock is taken for each session. */
enum {
    CHUNK_BUCKETS = 128,
    CHUNK_SESSIONS = 16
};

static void text_copy(char *to, const char *from)
{
    if (from)
        memcpy(to, from, strlen(from) + 1);
}

static void text_cut(char *to, size_t size, const char *from)
{
    size_t len = from ? strnlen(from, size - 1) : 0;

    if (len > 0)
        memcpy(to, from, len);
    to[len] = '\0';
}

static void fill_locked(struct client *client, int64_t now_ns, struct client_info *info)
{
    info->place = htable_place_after(client->by_id.hash);
    info->id = client->id;
    info->kind = client->kind;
    info->principal = client->caller.principal;
    info->flavor = client->caller.flavor;
    info->transport = client->caller.transport;
    info->protection = client->protection;
    text_cut(info->name, sizeof(info->name), client->caller.name);
    text_copy(info->certificate, client->caller.certificate);
    info->owner_len = client->owner->len;
    memcpy(info->owner, client->owner->string, client->owner->len);
    info->confirmed = client->confirmed;
    info->courtesy = client->confirmed && client_lapsed_locked(client, now_ns);
    info->reclaim_complete = atomic_load_explicit(&client->reclaim_complete, memory_order_relaxed);
    info->recorded = client->kind == CLIENT_V41
                         ? info->reclaim_complete
                         : atomic_load_explicit(&client->recorded, memory_order_relaxed);
    info->may_reclaim = atomic_load_explicit(&client->may_reclaim, memory_order_relaxed);
    info->callback_path = atomic_load_explicit(&client->back_up, memory_order_relaxed) > 0;
    info->callback_refused = atomic_load_explicit(&client->back_refused, memory_order_relaxed);
    info->callback_wanted = atomic_load_explicit(&client->back_sessions, memory_order_relaxed) > 0;
    info->running = atomic_load_explicit(&client->running, memory_order_relaxed);
    info->parked = atomic_load_explicit(&client->parked, memory_order_relaxed);
    info->peer = client->peer;
    info->silent_ns = client_silent_ns(client, now_ns);
    info->sessions = client->session_count;
    info->revoked = atomic_load_explicit(&client->revoked_count, memory_order_relaxed);
    info->delayed_ns = client_delay_read(&client->delay, info->delayed_by.other);
    text_copy(info->impl_name, client->impl_name);
    text_copy(info->impl_domain, client->impl_domain);
    info->impl_date_s = client->impl_date_s;
    client->state->client_hooks->describe_locked(client, info);
    if (client->v40)
        client->v40_hooks->describe(client->v40, info);
}

bool client_info_get(struct state *state, uint64_t clientid, int64_t now_ns,
                     struct client_info *info)
{
    struct client *client;

    memset(info, 0, sizeof(*info));
    pthread_mutex_lock(&state->clients.lock);
    client = client_lookup_locked(state, clientid);
    if (client)
        fill_locked(client, now_ns, info);
    pthread_mutex_unlock(&state->clients.lock);
    return client != NULL;
}

struct chunk {
    struct client_info *infos;
    int64_t now_ns;
    uint32_t count, sessions;
};

static bool chunk_add(struct hnode *node, void *arg)
{
    struct chunk *chunk = arg;
    struct client_info *info = &chunk->infos[chunk->count++];

    fill_locked(CONTAINER_OF(node, struct client, by_id), chunk->now_ns, info);
    chunk->sessions += info->sessions;
    return chunk->count < CLIENT_INFO_CHUNK && chunk->sessions < CHUNK_SESSIONS;
}

uint32_t client_info_next(struct state *state, int64_t now_ns, struct htable_place *place,
                          struct client_info infos[CLIENT_INFO_CHUNK])
{
    struct chunk chunk = {.infos = infos, .now_ns = now_ns};

    memset(infos, 0, CLIENT_INFO_CHUNK * sizeof(*infos));
    pthread_mutex_lock(&state->clients.lock);
    htable_walk(&state->clients.by_id, place, CHUNK_BUCKETS, chunk_add, &chunk);
    pthread_mutex_unlock(&state->clients.lock);
    if (!place->end)
        client_table_let_others();
    return chunk.count;
}

struct id_list {
    uint64_t *ids;
    uint32_t count, most;
};

static bool id_add(struct hnode *node, void *arg)
{
    struct id_list *list = arg;

    if (list->count == list->most)
        return false;
    list->ids[list->count++] = CONTAINER_OF(node, struct client, by_id)->id;
    return true;
}

void client_info_visit(struct state *state, int64_t now_ns, uint32_t most,
                       bool (*visit)(const struct client_info *info, void *arg), void *arg)
{
    struct id_list list = {.ids = memory_alloc(MEMORY_clients, most * sizeof(uint64_t)),
                           .most = most};
    struct client_info info;

    if (!list.ids)
        return;
    pthread_mutex_lock(&state->clients.lock);
    htable_visit(&state->clients.by_id, id_add, &list);
    pthread_mutex_unlock(&state->clients.lock);
    for (uint32_t i = 0; i < list.count; i++) {
        if (client_info_get(state, list.ids[i], now_ns, &info) && !visit(&info, arg))
            break;
    }
    memory_free(MEMORY_clients, list.ids);
}

void client_lease_stats_read(struct state *state, struct client_lease_stats *stats)
{
    pthread_mutex_lock(&state->clients.lock);
    stats->courtesy = state->clients.courtesy_count;
    stats->expired = state->clients.expired_count;
    pthread_mutex_unlock(&state->clients.lock);
}
