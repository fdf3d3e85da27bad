/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: the sharded table, references and slots. */
#include "state/session/session.h"

#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "state/session/session_internal.h"

/* The id is random bytes already: eight of them are its hash. */
static uint64_t id_hash(const uint8_t *id)
{
    uint64_t hash;

    memcpy(&hash, id, sizeof(hash));
    return hash;
}

static struct session_shard *shard_of(struct state *state, uint64_t hash)
{
    /* The table below uses the low bits. */
    return &state->session_shards[hash >> 58 & (SESSION_SHARDS - 1)];
}

struct session *session_get(struct session *session)
{
    atomic_fetch_add_explicit(&session->refs, 1, memory_order_relaxed);
    return session;
}

/* The last reference is gone: free it. */
static void session_free(struct session *session)
{
    struct client *client = session->client;
    void *backchannel = atomic_load_explicit(&session->backchannel, memory_order_acquire);

    if (backchannel)
        client->state->back_hooks.freed(backchannel);
    session_slots_fini(session);
    CHECK(list_empty(&session->bindings));
    pthread_mutex_destroy(&session->lock);
    session_cb_auth_fini(&session->cb_auth);
    memory_free(MEMORY_sessions, session);
    client_put(client);
}

void session_put(struct session *session)
{
    uint32_t before;

    if (!session)
        return;
    before = atomic_fetch_sub_explicit(&session->refs, 1, memory_order_acq_rel);
    DCHECK(before > 0);
    if (before == 1)
        session_free(session);
}

static struct session *find_locked(struct session_shard *shard, const uint8_t *id, uint64_t hash)
{
    struct hnode *node = htable_first(&shard->table, hash);

    for (; node; node = htable_next(node)) {
        struct session *session = CONTAINER_OF(node, struct session, by_id);

        if (memcmp(session->id, id, NFS4_SESSIONID_SIZE) == 0)
            return session;
    }
    return NULL;
}

struct session *session_lookup(struct state *state, const uint8_t *id)
{
    uint64_t hash = id_hash(id);
    struct session_shard *shard = shard_of(state, hash);
    struct session *session;

    pthread_mutex_lock(&shard->lock);
    session = find_locked(shard, id, hash);
    if (session)
        session_get(session);
    pthread_mutex_unlock(&shard->lock);
    return session;
}

void session_hash_locked(struct state *state, struct session *session)
{
    uint64_t hash = id_hash(session->id);
    struct session_shard *shard = shard_of(state, hash);

    pthread_mutex_lock(&shard->lock);
    htable_insert(&shard->table, &session->by_id, hash);
    pthread_mutex_unlock(&shard->lock);
    list_push_back(&session->client->sessions, &session->client_link);
    session->client->session_count++;
    atomic_fetch_add_explicit(&state->session_count, 1, memory_order_relaxed);
    state_limit_add(state, STATE_LIMIT_sessions, 1);
}

void session_unhash_locked(struct session *session)
{
    struct state *state = session->client->state;
    struct session_shard *shard = shard_of(state, id_hash(session->id));

    pthread_mutex_lock(&shard->lock);
    htable_remove(&shard->table, &session->by_id);
    pthread_mutex_unlock(&shard->lock);
    atomic_store_explicit(&session->ending, true, memory_order_seq_cst);
    atomic_store_explicit(&session->dead, true, memory_order_release);
    session->client->session_count--;
    atomic_fetch_sub_explicit(&state->session_count, 1, memory_order_relaxed);
    state_limit_sub(state, STATE_LIMIT_sessions, 1);
}

/* The lock is held until it is decided whether this thread ends the session. */
static bool ends(struct session *session)
{
    pthread_mutex_t *lock = &session->client->state->clients.lock;

    if (!atomic_load_explicit(&session->ending, memory_order_seq_cst))
        return false;
    pthread_mutex_lock(lock);
    pthread_mutex_unlock(lock);
    return session_dead(session);
}

enum slot_verdict session_slot_acquire(struct session *session, struct slot *slot, uint32_t seqid,
                                       const struct slot_request *request,
                                       struct slot_replay *replay)
{
    enum slot_verdict verdict = slot_acquire(slot, seqid, request, replay);

    if (verdict != SLOT_NEW || !ends(session))
        return verdict;
    /* The slot was not retired yet. */
    session_slot_release(session, slot, NULL, 0);
    return SLOT_GONE;
}

void session_slot_release(struct session *session, struct slot *slot, const void *reply,
                          uint32_t len)
{
    session_reply_bytes_add(session, slot_release(slot, reply, len));
}
