/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_activity.h"

#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "admin/api/api_server.h"
#include "admin/endpoint.h"
#include "admin/http/http_request.h"
#include "base/clock.h"
#include "callback/callback.h"
#include "callback/callback_counters.h"
#include "export/export_counters.h"
#include "proto/compound.h"
#include "proto/op_counters.h"
#include "state/delegation/delegation_stats.h"
#include "state/state.h"
#include "transport/loop_stats.h"
#include "transport/transport.h"

static double seconds(int64_t ns)
{
    return (double)ns / (double)NSEC_PER_SEC;
}

/* ---- operations ---- */

static json_t *bounds_json(void)
{
    json_t *bounds = json_array();

#define X(name, us) (void)json_array_append_new(bounds, json_real((us) / 1e6));
    OP_BUCKETS(X)
#undef X
    return bounds;
}

static json_t *durations_json(const struct op_counters *counters, unsigned row)
{
    json_t *counts = json_array();
    struct op_times times;
    uint64_t count = 0;

    op_counters_read_times(counters, row, &times);
    for (unsigned i = 0; i < OP_BUCKET_COUNT; i++) {
        count += times.buckets[i];
        (void)json_array_append_new(counts, json_integer((json_int_t)times.buckets[i]));
    }
    return json_pack("{s:I, s:f, s:o, s:o}", "count", (json_int_t)count, "sum_s",
                     seconds((int64_t)times.sum_ns), "le_s", bounds_json(), "counts", counts);
}

/* Of each row, over all its statuses. */
static void errors_read(const struct op_counters *counters, uint64_t errors[OP_ROWS])
{
    struct op_error error;
    uint32_t at = 0;

    while (op_counters_next_error(counters, &at, &error))
        errors[error.row] += error.count;
}

static json_t *operations_json(const struct op_counters *counters)
{
    uint64_t errors[OP_ROWS] = {0};
    json_t *operations = json_array();

    errors_read(counters, errors);
    for (unsigned row = 0; row < OP_ROWS; row++) {
        uint64_t count = op_counters_read(counters, row);

        if (count > 0)
            (void)json_array_append_new(
                operations,
                json_pack("{s:i, s:s, s:I, s:I, s:o}", "minor", (int)op_row_minor(row), "name",
                          op_row_name(row), "count", (json_int_t)count, "errors",
                          (json_int_t)errors[row], "durations", durations_json(counters, row)));
    }
    return operations;
}

/* ---- the rest ---- */

static void bytes_add(const struct export_stats *stats, void *arg)
{
    uint64_t *sums = arg;

    for (unsigned i = 0; i < EXPORT_COUNTER_COUNT; i++)
        sums[i] += stats->of[i];
}

static json_t *bytes_json(struct export_table *exports)
{
    uint64_t sums[EXPORT_COUNTER_COUNT] = {0};

    export_counters_visit(exports, bytes_add, sums);
    return json_pack("{s:I, s:I}", "read", (json_int_t)sums[EXPORT_COUNTER_read_bytes], "written",
                     (json_int_t)sums[EXPORT_COUNTER_written_bytes]);
}

static json_t *callbacks_json(const struct callback *callback)
{
    struct callback_stats stats;

    callback_counters_read(callback->counters, &stats);
    return json_pack("{s:I, s:I, s:I}", "sent", (json_int_t)stats.all[CALLBACK_COUNTER_total],
                     "failed", (json_int_t)stats.all[CALLBACK_COUNTER_failures], "in_flight",
                     (json_int_t)stats.in_flight);
}

/* A recall that begins between the two counters counts as in flight first. */
static json_t *recalls_json(struct state *state)
{
    struct delegation_stats stats;

    delegation_stats_read(state, clock_now_ns(), &stats);
    return json_pack(
        "{s:I, s:I, s:I, s:f}", "in_flight", (json_int_t)stats.recalls, "done",
        (json_int_t)(stats.recalled > stats.recalls ? stats.recalled - stats.recalls : 0),
        "revoked", (json_int_t)stats.revoked, "oldest_s", seconds(stats.oldest_recall_ns));
}

static json_t *locks_json(const struct state *state)
{
    struct state_limit_stats stats;

    state_limit_stats_read(state, &stats);
    return json_pack("{s:I, s:I}", "held", (json_int_t)stats.locks, "waited_for",
                     (json_int_t)stats.lock_waiters);
}

static json_t *requests_json(const struct transport_stats *stats)
{
    return json_pack("{s:I, s:I}", "count", (json_int_t)stats->calls, "parked",
                     (json_int_t)stats->parked_calls);
}

static json_t *threads_json(const struct transport_stats *stats)
{
    struct timespec cpu = {0};

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    return json_pack("{s:I, s:I, s:I, s:f}", "count", (json_int_t)stats->threads, "spare",
                     (json_int_t)stats->spare_threads, "blocked",
                     (json_int_t)stats->blocked_threads, "cpu_s",
                     (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9);
}

static json_t *loops_json(const struct transport *transport)
{
    json_t *loops = json_array();
    struct loop_stats stats;

    for (unsigned n = 0; loop_stats_read(transport, n, &stats); n++)
        (void)json_array_append_new(loops, json_pack("{s:i, s:I, s:I, s:I, s:f}", "number", (int)n,
                                                     "connections", (json_int_t)stats.connections,
                                                     "requests", (json_int_t)stats.requests,
                                                     "turns_due", (json_int_t)stats.turns_due,
                                                     "lag_s", seconds(stats.lag_ns)));
    return loops;
}

/* RFC 3339 with milliseconds, in UTC. */
static json_t *now_json(void)
{
    struct timespec now = clock_realtime();
    char day[24] = "", text[32];
    struct tm parts;

    if (gmtime_r(&now.tv_sec, &parts))
        (void)strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(text, sizeof(text), "%s.%03dZ", day, (int)(now.tv_nsec / NSEC_PER_MSEC));
    return json_string(text);
}

static json_t *instance_json(const struct endpoint *endpoint)
{
    return json_pack("{s:o, s:f, s:s, s:o, s:s}", "time", now_json(), "monotonic_s",
                     seconds(clock_now_ns()), "instance", endpoint->server->state->server_owner,
                     "started", api_server_time(&endpoint->started), "phase",
                     api_server_phase(endpoint));
}

void api_activity_show(struct http_request *request, void *context)
{
    const struct endpoint *endpoint = context;
    struct server *server = endpoint->server;
    struct transport_stats transport;
    json_t *reply;

    if (!http_query_check(request, NULL, 0))
        return;
    transport_stats_read(endpoint->transport, &transport);
    reply = instance_json(endpoint);
    (void)json_object_set_new(reply, "counts", api_server_counts(endpoint));
    (void)json_object_set_new(reply, "memory", api_server_memory());
    (void)json_object_set_new(reply, "operations", operations_json(server->ops));
    (void)json_object_set_new(reply, "bytes", bytes_json(server->exports));
    (void)json_object_set_new(reply, "callbacks", callbacks_json(server->callback));
    (void)json_object_set_new(reply, "recalls", recalls_json(server->state));
    (void)json_object_set_new(reply, "locks", locks_json(server->state));
    (void)json_object_set_new(reply, "requests", requests_json(&transport));
    (void)json_object_set_new(reply, "threads", threads_json(&transport));
    (void)json_object_set_new(reply, "loops", loops_json(endpoint->transport));
    http_reply_json(&request->reply, reply);
}
