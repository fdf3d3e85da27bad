/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/metrics/metric_session.h"

#include <stdio.h>

#include "admin/metrics/metric_text.h"
#include "base/memory.h"

static void counters_show(struct metric_text *text, const struct session_stats *stats)
{
    metric_text_one(text, METRIC_SEQUENCE, stats->sequence_total);
    metric_text_begin(text, METRIC_SEQUENCE_ERRORS);
#define X(type, status, help) metric_text_count(text, #type, stats->failures.type);
    SESSION_FAILURES(X)
#undef X
    metric_text_one(text, METRIC_REPLAY_HITS, stats->replay_hits_total);
    metric_text_one(text, METRIC_REPLY_CACHE_BYTES, stats->reply_bytes);
}

/* Both metrics have one line for each session, so they are gathered first. */
struct gathered {
    struct session_gauges *sessions; /* NULL: all are among the rest, perhaps for want of memory */
    uint32_t count, most;
    uint64_t rest_slots, rest_in_use, rest_count;
};

static bool gauges_gather(const struct session_gauges *gauges, void *arg)
{
    struct gathered *all = arg;

    if (all->sessions && all->count < all->most) {
        all->sessions[all->count++] = *gauges;
    } else {
        all->rest_slots += gauges->total_slots;
        all->rest_in_use += gauges->slots_in_use;
        all->rest_count++;
    }
    return true;
}

static const char *session_name(const struct session_gauges *gauges,
                                char name[2 * NFS4_SESSIONID_SIZE + 1])
{
    for (unsigned i = 0; i < NFS4_SESSIONID_SIZE; i++)
        (void)snprintf(name + (size_t)2 * i, 3, "%02x", gauges->id[i]);
    return name;
}

static void gauges_show(struct metric_text *text, enum metric_id id, const struct gathered *all)
{
    bool in_use = id == METRIC_SESSION_SLOTS_IN_USE;

    metric_text_begin(text, id);
    for (uint32_t i = 0; i < all->count; i++) {
        const struct session_gauges *gauges = &all->sessions[i];
        char name[2 * NFS4_SESSIONID_SIZE + 1];

        metric_text_count(text, session_name(gauges, name),
                          in_use ? gauges->slots_in_use : gauges->total_slots);
    }
    if (all->rest_count > 0)
        metric_text_count(text, "other", in_use ? all->rest_in_use : all->rest_slots);
}

void metric_session_show(struct metric_text *text, struct state *state, uint32_t most)
{
    struct gathered all = {.most = most};
    struct session_stats stats;

    if (most > 0)
        all.sessions = memory_alloc(MEMORY_admin, most * sizeof(*all.sessions));
    session_stats_read(state, &stats);
    counters_show(text, &stats);
    session_gauges_visit(state, gauges_gather, &all);
    gauges_show(text, METRIC_SESSION_SLOTS, &all);
    gauges_show(text, METRIC_SESSION_SLOTS_IN_USE, &all);
    memory_free(MEMORY_admin, all.sessions);
}
