/* SPDX-License-Identifier: Apache-2.0 */
#include "state/session/session_stats.h"

#include <string.h>

#include "base/check.h"
#include "base/memory.h"

const char *session_count_error(struct state *state, enum nfsstat4 status)
{
    static const struct {
        enum nfsstat4 status;
        enum session_counter counter;
        const char *name;
    } types[] = {
#define X(type, error, help) {error, SESSION_FAILURE_##type, #type},
        SESSION_FAILURES(X)
#undef X
    };

    session_count(state, SESSION_COUNTER_sequence_errors_total);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (types[i].status != status)
            continue;
        session_count(state, types[i].counter);
        return types[i].name;
    }
    DCHECK(!"an error of SEQUENCE without a type");
    return "other";
}

void session_stats_read(const struct state *state, struct session_stats *stats)
{
    int64_t bytes = atomic_load_explicit(&state->reply_bytes, memory_order_relaxed);

#define X(name, help) stats->name = counter_read(state->counters, SESSION_COUNTER_##name);
    SESSION_COUNTERS(X)
#undef X
#define X(type, status, help)                                                                      \
    stats->failures.type = counter_read(state->counters, SESSION_FAILURE_##type);
    SESSION_FAILURES(X)
#undef X
    stats->sessions = atomic_load_explicit(&state->session_count, memory_order_relaxed);
    stats->reply_bytes = bytes > 0 ? (uint64_t)bytes : 0;
}

/* References on the sessions of one shard; none without memory for them. */
struct shard_view {
    struct session **sessions;
    size_t count;
};

static bool shard_view_add(struct hnode *node, void *arg)
{
    struct shard_view *view = arg;

    view->sessions[view->count++] = session_get(CONTAINER_OF(node, struct session, by_id));
    return true;
}

static void shard_view_take(struct session_shard *shard, struct shard_view *view)
{
    *view = (struct shard_view){0};
    pthread_mutex_lock(&shard->lock);
    if (shard->table.count > 0)
        view->sessions =
            memory_alloc(MEMORY_sessions, shard->table.count * sizeof(struct session *));
    if (view->sessions)
        htable_visit(&shard->table, shard_view_add, view);
    pthread_mutex_unlock(&shard->lock);
}

static void shard_view_drop(struct shard_view *view)
{
    for (size_t i = 0; i < view->count; i++)
        session_put(view->sessions[i]);
    memory_free(MEMORY_sessions, (void *)view->sessions);
}

static struct session_gauges gauges_of(struct session *session)
{
    struct session_gauges gauges = {
        .clientid = session->client->id,
        .slots_in_use = slot_table_busy(&session->slots, UINT32_MAX),
        .total_slots = slot_table_grant(&session->slots).enforced,
    };

    memcpy(gauges.id, session->id, sizeof(gauges.id));
    return gauges;
}

void session_gauges_visit(struct state *state,
                          bool (*visit)(const struct session_gauges *gauges, void *arg), void *arg)
{
    bool going = true;

    for (size_t i = 0; i < SESSION_SHARDS && going; i++) {
        struct shard_view view;

        shard_view_take(&state->session_shards[i], &view);
        for (size_t j = 0; j < view.count && going; j++) {
            struct session_gauges gauges = gauges_of(view.sessions[j]);

            going = session_dead(view.sessions[j]) || visit(&gauges, arg);
        }
        shard_view_drop(&view);
    }
}
