/* SPDX-License-Identifier: Apache-2.0 */
#include "state/session/session_info.h"

#include <string.h>

#include "base/check.h"
#include "state/client/client_record.h"
#include "state/client/client_table.h"
#include "state/session/session_back.h"
#include "state/session/session_conn.h"

enum {
    CHUNK_BUCKETS = 128 /* looked at with a shard locked once */
};

static enum session_back_state back_state(const struct session *session)
{
    if (session_back_up(session))
        return SESSION_BACK_UP;
    return session_back_ever_bound(session) ? SESSION_BACK_DOWN : SESSION_BACK_NONE;
}

static void connections_copy(struct session *session, session_peer_of *peer_of,
                             struct session_info *info)
{
    pthread_mutex_lock(&session->lock);
    LIST_FOREACH (binding, &session->bindings, struct session_binding, session_link) {
        struct session_connection *connection = &info->connections[info->connection_count++];

        peer_of(binding->conn->transport, &connection->peer);
        connection->fore = binding->fore;
        connection->back = binding->back;
    }
    pthread_mutex_unlock(&session->lock);
}

/* All but the owner. */
static void session_copy(struct session *session, int64_t now_ns, session_peer_of *peer_of,
                         struct session_info *info)
{
    int64_t reply_bytes = atomic_load_explicit(&session->reply_bytes, memory_order_relaxed);
    int64_t idle_ns = now_ns - session_slots_activity_ns(session);

    memset(info, 0, sizeof(*info));
    memcpy(info->id, session->id, sizeof(info->id));
    info->clientid = session->client->id;
    info->minor_version = session->minor_version;
    info->slots = slot_table_grant(&session->slots).enforced;
    info->slots_in_use = slot_table_busy(&session->slots, UINT32_MAX);
    info->slots_peak = atomic_load_explicit(&session->demand.peak, memory_order_relaxed);
    info->requests = slot_table_requests(&session->slots);
    info->reply_bytes = reply_bytes > 0 ? (uint64_t)reply_bytes : 0;
    info->back = back_state(session);
    info->back_refused = client_back_refuses(session->client);
    info->idle_ns = idle_ns > 0 ? idle_ns : 0;
    connections_copy(session, peer_of, info);
}

static void owner_copy_locked(const struct session *session, struct session_info *info)
{
    const struct client_owner *owner = session->client->owner;

    if (!owner)
        return;
    info->owner_len = owner->len;
    memcpy(info->owner, owner->string, owner->len);
}

struct chunk {
    struct chunk_item {
        struct session *session; /* a reference */
        struct session_place place;
    } of[SESSION_INFO_CHUNK];
    uint32_t shard, count;
};

static struct session_place place_make(uint32_t shard, struct htable_place in_shard)
{
    struct session_place place = {.shard = shard, .in_shard = in_shard};

    if (in_shard.end)
        place = (struct session_place){.shard = shard + 1, .end = shard + 1 == SESSION_SHARDS};
    return place;
}

static bool chunk_add(struct hnode *node, void *arg)
{
    struct chunk *chunk = arg;
    struct chunk_item *item;

    if (chunk->count == SESSION_INFO_CHUNK)
        return false; /* the same 64 random bits twice */
    item = &chunk->of[chunk->count++];
    item->session = session_get(CONTAINER_OF(node, struct session, by_id));
    item->place = place_make(chunk->shard, htable_place_after(node->hash));
    return chunk->count < SESSION_INFO_CHUNK;
}

/* The next of a shard. */
static void chunk_take(struct state *state, struct session_place *place, struct chunk *chunk)
{
    struct session_shard *shard = &state->session_shards[place->shard];

    chunk->shard = place->shard;
    chunk->count = 0;
    pthread_mutex_lock(&shard->lock);
    htable_walk(&shard->table, &place->in_shard, CHUNK_BUCKETS, chunk_add, chunk);
    pthread_mutex_unlock(&shard->lock);
    *place = place_make(place->shard, place->in_shard);
}

/* Leave out those that have ended meanwhile. */
static void chunk_drop_dead(struct chunk *chunk)
{
    uint32_t live = 0;

    for (uint32_t i = 0; i < chunk->count; i++) {
        if (session_dead(chunk->of[i].session))
            session_put(chunk->of[i].session);
        else
            chunk->of[live++] = chunk->of[i];
    }
    chunk->count = live;
}

static void owners_copy(struct state *state, const struct chunk *chunk, struct session_info *infos)
{
    pthread_mutex_lock(&state->clients.lock);
    for (uint32_t i = 0; i < chunk->count; i++)
        owner_copy_locked(chunk->of[i].session, &infos[i]);
    pthread_mutex_unlock(&state->clients.lock);
    client_table_let_others();
}

uint32_t session_info_next(struct state *state, int64_t now_ns, session_peer_of *peer_of,
                           struct session_place *place,
                           struct session_info infos[SESSION_INFO_CHUNK])
{
    struct chunk chunk = {.count = 0};

    while (chunk.count == 0 && !place->end) {
        chunk_take(state, place, &chunk);
        chunk_drop_dead(&chunk);
    }
    for (uint32_t i = 0; i < chunk.count; i++) {
        session_copy(chunk.of[i].session, now_ns, peer_of, &infos[i]);
        infos[i].place = chunk.of[i].place;
    }
    if (chunk.count > 0)
        owners_copy(state, &chunk, infos);
    for (uint32_t i = 0; i < chunk.count; i++)
        session_put(chunk.of[i].session);
    return chunk.count;
}

bool session_info_get(struct state *state, const uint8_t *id, int64_t now_ns,
                      session_peer_of *peer_of, struct session_info *info)
{
    struct session *session = session_lookup(state, id);

    if (!session)
        return false;
    session_copy(session, now_ns, peer_of, info);
    pthread_mutex_lock(&state->clients.lock);
    owner_copy_locked(session, info);
    pthread_mutex_unlock(&state->clients.lock);
    session_put(session);
    return true;
}

uint32_t session_info_slots(struct state *state, const uint8_t *id, struct slot_view *views,
                            uint32_t most)
{
    struct session *session = session_lookup(state, id);
    uint32_t count = session ? slot_table_view(&session->slots, views, most) : 0;

    session_put(session);
    return count;
}

uint32_t session_info_ids(struct state *state, uint64_t clientid,
                          uint8_t ids[LIMIT_SESSIONS_PER_CLIENT][NFS4_SESSIONID_SIZE])
{
    struct client *client;
    uint32_t count = 0;

    pthread_mutex_lock(&state->clients.lock);
    client = client_lookup_locked(state, clientid);
    if (client) {
        LIST_FOREACH (session, &client->sessions, struct session, client_link)
            memcpy(ids[count++], session->id, NFS4_SESSIONID_SIZE);
    }
    pthread_mutex_unlock(&state->clients.lock);
    return count;
}
