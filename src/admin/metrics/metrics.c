/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/metrics/metrics.h"

#include <stdio.h>

#include "admin/endpoint.h"
#include "admin/http/http_request.h"
#include "admin/metrics/metric_copy.h"
#include "admin/metrics/metric_duplicate.h"
#include "admin/metrics/metric_export.h"
#include "admin/metrics/metric_gss.h"
#include "admin/metrics/metric_identity.h"
#include "admin/metrics/metric_op.h"
#include "admin/metrics/metric_process.h"
#include "admin/metrics/metric_session.h"
#include "admin/metrics/metric_text.h"
#include "admin/settings.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "callback/back_service.h"
#include "callback/callback.h"
#include "proto/admission.h"
#include "proto/compound.h"
#include "state/client/client_info.h"
#include "state/recovery/recovery.h"
#include "state/recovery/recovery_grace.h"
#include "state/state.h"

static void build_show(struct metric_text *text)
{
    metric_text_begin(text, METRIC_BUILD_INFO);
    metric_text_count(text, MAINSTAY_VERSION, 1);
}

static void lags_show(struct metric_text *text, const struct transport_stats *stats)
{
    static const uint64_t bounds_us[] = {
#define X(name, us) [LOOP_LAG_##name] = (us),
        LOOP_LAG_BUCKETS(X)
#undef X
    };

    metric_text_begin(text, METRIC_LOOP_LAG);
    metric_text_histogram(
        text, NULL,
        &(struct metric_histogram){.bounds_us = bounds_us,
                                   .counts = stats->loop_lags,
                                   .bound_count = ARRAY_SIZE(bounds_us),
                                   .sum_s = (double)stats->loop_lag_sum_ns / NSEC_PER_SEC});
}

static void transport_show(struct metric_text *text, struct transport *transport)
{
    struct transport_stats stats;

    transport_stats_read(transport, &stats);
    metric_text_begin(text, METRIC_CONNECTIONS);
    metric_text_count(text, "accepted", stats.connections - stats.dialled_connections);
    metric_text_count(text, "dialled", stats.dialled_connections);
    metric_text_one(text, METRIC_ADDRESSES, stats.addresses);
    metric_text_begin(text, METRIC_THREADS);
    metric_text_count(text, "all", stats.threads);
    metric_text_count(text, "spare", stats.spare_threads);
    metric_text_count(text, "blocked", stats.blocked_threads);
    metric_text_one(text, METRIC_LOOPS, stats.loops);
    metric_text_one(text, METRIC_LOOPS_STUCK, stats.loops_stuck);
    lags_show(text, &stats);
    metric_text_one(text, METRIC_PARKED, stats.parked_calls);
    metric_text_one(text, METRIC_HALF_RECORDS, stats.half_records);
    metric_text_one(text, METRIC_HALF_RECORD_BYTES, stats.half_record_bytes);
    metric_text_one(text, METRIC_UNSENT_BYTES, stats.unsent_bytes);
#define X(name, help) metric_text_one(text, METRIC_transport_##name, stats.name);
    TRANSPORT_COUNTERS(X)
#undef X
}

static void callback_op_show(struct metric_text *text, const struct callback_stats *stats,
                             enum metric_id id, enum callback_counter counter)
{
    metric_text_begin(text, id);
    for (unsigned op = 0; op < CALLBACK_OP_COUNT; op++)
        metric_text_count(text, callback_op_name((enum callback_op)op), stats->of[op][counter]);
}

static void callback_duration_show(struct metric_text *text, const struct callback_stats *stats)
{
    static const uint64_t bounds_us[] = {
#define X(name, us) [CALLBACK_BUCKET_##name] = (us),
        CALLBACK_BUCKETS(X)
#undef X
    };

    metric_text_begin(text, METRIC_CALLBACK_DURATION);
    metric_text_histogram(text, NULL,
                          &(struct metric_histogram){.bounds_us = bounds_us,
                                                     .counts = stats->buckets,
                                                     .bound_count = ARRAY_SIZE(bounds_us),
                                                     .sum_s = (double)stats->duration_us / 1e6});
}

static void callback_show(struct metric_text *text, const struct callback *callback)
{
    struct callback_stats stats;

    callback_counters_read(callback->counters, &stats);
    callback_op_show(text, &stats, METRIC_CALLBACK, CALLBACK_COUNTER_total);
    callback_op_show(text, &stats, METRIC_CALLBACK_FAILURES, CALLBACK_COUNTER_failures);
    callback_op_show(text, &stats, METRIC_CALLBACK_RETRIES, CALLBACK_COUNTER_retries);
    callback_duration_show(text, &stats);
}

static void dial_out_show(struct metric_text *text, struct dial_out *out)
{
    struct dial_out_stats stats;

    dial_out_stats_read(out, &stats);
    metric_text_one(text, METRIC_DIAL_OUT_PATHS, stats.paths);
#define X(name, help) metric_text_one(text, METRIC_dial_out_##name, stats.name);
    DIAL_OUT_COUNTERS(X)
#undef X
}

static void delegation_show(struct metric_text *text, struct state *state)
{
    struct delegation_stats stats;

    delegation_stats_read(state, clock_now_ns(), &stats);
    metric_text_begin(text, METRIC_DELEGATIONS);
    metric_text_count(text, "read", stats.held_read);
    metric_text_count(text, "write", stats.held_write);
    metric_text_count(text, "directory", stats.held_directory);
    metric_text_one(text, METRIC_RECALLS, stats.recalls);
    metric_text_begin(text, METRIC_RECALL_AGE);
    metric_text_number(text, NULL, (double)stats.oldest_recall_ns / (double)NSEC_PER_SEC);
    metric_text_one(text, METRIC_NOTIFY_BYTES, stats.notify_bytes);
#define X(name, help) metric_text_one(text, METRIC_delegation_##name, stats.name);
    DELEGATION_COUNTERS(X)
#undef X
}

static void state_show(struct metric_text *text, struct state *state)
{
    struct state_limit_stats stats;
    struct client_lease_stats leases;

    state_limit_stats_read(state, &stats);
    client_lease_stats_read(state, &leases);
    metric_text_begin(text, METRIC_HELD);
#define X(name, initial) metric_text_count(text, #name, stats.name);
    STATE_LIMITS_IN_ALL(X)
#undef X
    metric_text_count(text, "revoked_opens", stats.revoked_opens);
    metric_text_begin(text, METRIC_HELD_MOST);
#define X(name, initial) metric_text_count(text, #name, state_limit_max(state, STATE_LIMIT_##name));
    STATE_LIMITS_IN_ALL(X)
#undef X
    metric_text_begin(text, METRIC_LIMIT_REACHED);
#define X(name, initial) metric_text_count(text, #name, stats.refused.name);
    STATE_LIMITS_IN_ALL(X)
    STATE_LIMITS_EACH(X)
#undef X
    metric_text_one(text, METRIC_LEASES_EXPIRED, leases.expired);
    metric_text_one(text, METRIC_COURTESY, leases.courtesy);
    metric_text_one(text, METRIC_GRACE, recovery_in_grace(state->recovery));
    metric_text_one(text, METRIC_STATE_WRITABLE, !recovery_is_failing(state->recovery));
}

static void admission_show(struct metric_text *text, const struct server *server)
{
    metric_text_begin(text, METRIC_EXPORT_REFUSED);
#define X(name) metric_text_count(text, #name, admission_refused(server, ADMISSION_REASON_##name));
    ADMISSION_REASONS(X)
#undef X
}

static void memory_show(struct metric_text *text)
{
    struct memory_stats stats;

    memory_stats_read(&stats);
    metric_text_begin(text, METRIC_MEMORY);
#define X(name, help) metric_text_count(text, #name, stats.of[MEMORY_##name]);
    MEMORY_CLASSES(X)
#undef X
    metric_text_one(text, METRIC_MEMORY_BUDGET, stats.budget);
    metric_text_one(text, METRIC_MEMORY_STORE, stats.store);
    metric_text_begin(text, METRIC_MEMORY_REFUSED);
    metric_text_count(text, "budget", stats.refused);
    metric_text_count(text, "machine", stats.failed);
}

static void log_show(struct metric_text *text)
{
    metric_text_begin(text, METRIC_LOG_LEFT_OUT);
    metric_text_count(text, "queue", log_dropped());
    metric_text_count(text, "limit", log_limited());
}

static void queues_show(struct metric_text *text, const struct server *server,
                        struct transport *transport)
{
    struct transport_stats stats;
    struct dial_out_stats paths;

    transport_stats_read(transport, &stats);
    dial_out_stats_read(server->dial_out, &paths);
    metric_text_begin(text, METRIC_QUEUES);
    metric_text_count(text, "turns", stats.turns_due);
    metric_text_count(text, "callback_sessions",
                      back_service_active(server->callback->back_service));
    metric_text_count(text, "callback_paths", paths.active);
    metric_text_count(text, "log_lines", log_waiting());
}

static uint32_t own_sessions(struct settings *settings)
{
    struct setting_values now;

    settings_get(settings, &now);
    return now.of[SETTING_METRICS_SESSIONS].number;
}

void metrics_show(struct http_request *request, void *context)
{
    const struct endpoint *endpoint = context;
    struct server *server = endpoint->server;
    struct metric_text text = {.out = &request->reply.body,
                               .open_metrics = metric_text_accepts(request->accept)};

    build_show(&text);
    metric_op_show(&text, server->ops);
    metric_export_show(&text, server->exports);
    admission_show(&text, server);
    metric_session_show(&text, server->state, own_sessions(endpoint->settings));
    callback_show(&text, server->callback);
    dial_out_show(&text, server->dial_out);
    delegation_show(&text, server->state);
    state_show(&text, server->state);
    metric_duplicate_show(&text, server->v40);
    metric_copy_show(&text, server->copies);
    transport_show(&text, endpoint->transport);
    metric_gss_show(&text, transport_gss(endpoint->transport));
    metric_identity_show(&text, server->identities);
    queues_show(&text, server, endpoint->transport);
    memory_show(&text);
    log_show(&text);
    metric_process_show(&text);
    metric_text_end(&text);
    request->reply.content_type = text.open_metrics
                                      ? "application/openmetrics-text; version=1.0.0; "
                                        "charset=utf-8"
                                      : "text/plain; version=0.0.4; charset=utf-8";
}
