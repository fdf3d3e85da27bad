/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/stats.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "callback/callback.h"
#include "callback/callback_counters.h"
#include "callback/dial_out.h"
#include "identity/identity_cache.h"
#include "proto/compound.h"
#ifdef MAINSTAY_V40
#include "proto/v40/duplicate_cache.h"
#include "proto/v40/v40.h"
#endif
#include "state/client/client_info.h"
#include "state/delegation/delegation_stats.h"
#include "state/session/session_stats.h"
#include "transport/transport.h"

static void line_log(const char *event, const struct log_field *fields, size_t count)
{
    if (log_enabled(LOG_PART_daemon, LOG_LEVEL_INFO))
        log_write(LOG_LEVEL_INFO, event, fields, count);
}

static void sessions_log(const struct session_stats *stats)
{
    const struct log_field fields[] = {LOG_U64("sessions", stats->sessions),
                                       LOG_U64("reply_bytes", stats->reply_bytes),
#define X(name, help) LOG_U64(#name, stats->name),
                                       SESSION_COUNTERS(X)
#undef X
#define X(type, status, help) LOG_U64("failures_" #type, stats->failures.type),
                                           SESSION_FAILURES(X)
#undef X
    };

    line_log("daemon.sessions", fields, ARRAY_SIZE(fields));
}

static void transport_log(const struct transport_stats *stats)
{
    const struct log_field fields[] = {LOG_U64("connections", stats->connections),
                                       LOG_U64("dialled_connections", stats->dialled_connections),
                                       LOG_U64("threads", stats->threads),
                                       LOG_U64("spare_threads", stats->spare_threads),
                                       LOG_U64("blocked_threads", stats->blocked_threads),
                                       LOG_U64("log_dropped", log_dropped()),
                                       LOG_U64("log_limited", log_limited()),
                                       LOG_U64("addresses", stats->addresses),
                                       LOG_U64("half_records", stats->half_records),
                                       LOG_U64("half_record_bytes", stats->half_record_bytes),
                                       LOG_U64("unsent_bytes", stats->unsent_bytes),
#define X(name, help) LOG_U64(#name, stats->name),
                                       TRANSPORT_COUNTERS(X)
#undef X
    };

    line_log("daemon.transport", fields, ARRAY_SIZE(fields));
}

static void memory_log(void)
{
    struct memory_stats stats;

    memory_stats_read(&stats);

    const struct log_field fields[] = {LOG_U64("budget", stats.budget),
                                       LOG_U64("store", stats.store),
                                       LOG_U64("total", stats.total),
                                       LOG_U64("refused", stats.refused),
                                       LOG_U64("failed", stats.failed),
#define X(name, help) LOG_U64(#name, stats.of[MEMORY_##name]),
                                       MEMORY_CLASSES(X)
#undef X
    };

    line_log("daemon.memory", fields, ARRAY_SIZE(fields));
}

static void limits_log(const struct state *state)
{
    struct state_limit_stats stats;

    state_limit_stats_read(state, &stats);

    const struct log_field fields[] = {
#define X(name, initial) LOG_U64(#name, stats.name),
        STATE_LIMITS_IN_ALL(X)
#undef X
            LOG_U64("revoked_opens", stats.revoked_opens),
#define X(name, initial) LOG_U64("refused_" #name, stats.refused.name),
        STATE_LIMITS_IN_ALL(X) STATE_LIMITS_EACH(X)
#undef X
    };

    line_log("daemon.limits", fields, ARRAY_SIZE(fields));
}

static void identities_log(struct identity_cache *identities)
{
    struct identity_stats stats;

    identity_stats_read(identities, &stats);

    const struct log_field fields[] = {LOG_U64("entries", stats.entries),
                                       LOG_U64("asking", stats.asking),
#define X(name, help) LOG_U64(#name, stats.name),
                                       IDENTITY_COUNTERS(X)
#undef X
    };

    line_log("daemon.identities", fields, ARRAY_SIZE(fields));
}

#ifdef MAINSTAY_V40
static void duplicates_log(const struct v40 *v40)
{
    struct duplicate_stats stats;

    duplicate_stats_read(v40->duplicates, &stats);

    const struct log_field fields[] = {
        LOG_U64("entries", stats.entries), LOG_U64("clients", stats.clients),
        LOG_U64("bytes", stats.bytes), LOG_U64("waiting", stats.waiting),
#define X(name, help) LOG_U64(#name, stats.name),
        DUPLICATE_COUNTERS(X)
#undef X
    };

    line_log("daemon.duplicates", fields, ARRAY_SIZE(fields));
}
#endif

static void callbacks_log(struct dial_out *out)
{
    struct dial_out_stats stats;

    dial_out_stats_read(out, &stats);

    const struct log_field fields[] = {LOG_U64("paths", stats.paths),
#define X(name, help) LOG_U64(#name, stats.name),
                                       DIAL_OUT_COUNTERS(X)
#undef X
    };

    line_log("daemon.dial_out", fields, ARRAY_SIZE(fields));
}

static void delegations_log(struct state *state)
{
    struct delegation_stats stats;

    delegation_stats_read(state, clock_now_ns(), &stats);

    const struct log_field fields[] = {
        LOG_U64("held_read", stats.held_read),
        LOG_U64("held_write", stats.held_write),
        LOG_U64("held_directory", stats.held_directory),
        LOG_U64("recalls", stats.recalls),
        LOG_U64("oldest_recall_ms", stats.oldest_recall_ns / NSEC_PER_MSEC),
        LOG_U64("notify_bytes", stats.notify_bytes),
#define X(name, help) LOG_U64(#name, stats.name),
        DELEGATION_COUNTERS(X)
#undef X
    };

    line_log("daemon.delegations", fields, ARRAY_SIZE(fields));
}

/* One line for all operations, one for each operation that was ever sent, and one for reply
 * times. */
static void callback_total_log(const struct callback_stats *stats)
{
    const struct log_field fields[] = {LOG_STR("operation", "all"),
#define X(name, help) LOG_U64("callback_" #name, stats->all[CALLBACK_COUNTER_##name]),
                                       CALLBACK_COUNTERS(X)
#undef X
    };

    line_log("daemon.callback", fields, ARRAY_SIZE(fields));
}

static void callback_op_log(const struct callback_stats *stats, enum callback_op op)
{
    const struct log_field fields[] = {LOG_STR("operation", callback_op_name(op)),
#define X(name, help) LOG_U64("callback_" #name, stats->of[op][CALLBACK_COUNTER_##name]),
                                       CALLBACK_COUNTERS(X)
#undef X
    };

    if (stats->of[op][CALLBACK_COUNTER_total] > 0)
        line_log("daemon.callback", fields, ARRAY_SIZE(fields));
}

static void callback_duration_log(const struct callback_stats *stats)
{
    const struct log_field fields[] = {
        LOG_U64("count", stats->answers),
        LOG_U64("sum_us", stats->duration_us),
#define X(name, us) LOG_U64("le_" #name, stats->buckets[CALLBACK_BUCKET_##name]),
        CALLBACK_BUCKETS(X)
#undef X
            LOG_U64("longer", stats->buckets[CALLBACK_BUCKET_MORE]),
    };

    line_log("daemon.callback_duration", fields, ARRAY_SIZE(fields));
}

static void callback_stats_log(const struct callback *callback)
{
    struct callback_stats stats;

    callback_counters_read(callback->counters, &stats);
    callback_total_log(&stats);
    for (unsigned op = 0; op < CALLBACK_OP_COUNT; op++)
        callback_op_log(&stats, (enum callback_op)op);
    callback_duration_log(&stats);
}

static bool session_log(const struct session_gauges *gauges, void *arg)
{
    uint32_t *left = arg;

    if (*left == 0)
        return false;
    (*left)--;
    log_info("session.stats", LOG_HEX("session", gauges->id, sizeof(gauges->id)),
             LOG_ID("client", gauges->clientid), LOG_U64("slots_in_use", gauges->slots_in_use),
             LOG_U64("total_slots", gauges->total_slots));
    return true;
}

/* Of a 4.1 client: a bound connection.  Of a 4.0 client: a path that has answered. */
static bool callback_path(const struct client_info *info, struct dial_out *out)
{
    return info->callback_path ||
           (info->kind == CLIENT_V40 && dial_out_state(out, info->id) == DIAL_PATH_UP);
}

static bool client_log(const struct client_info *info, void *arg)
{
    log_info("client.stats", LOG_ID("client", info->id),
             LOG_STR("minor", info->kind == CLIENT_V40 ? "4.0" : "4.1"),
             LOG_STRN("owner", info->owner, info->owner_len),
             LOG_U64("uid", client_principal_uid(info->principal)),
             LOG_U64("confirmed", info->confirmed), LOG_U64("courtesy", info->courtesy),
             LOG_U64("callback_path", callback_path(info, arg)),
             LOG_U64("sessions", info->sessions), LOG_U64("connections", info->connections),
             LOG_U64("opens", info->opens), LOG_U64("lock_states", info->lock_states),
             LOG_U64("locks", info->locks), LOG_U64("lock_waiters", info->lock_waiters),
             LOG_U64("revoked", info->revoked),
             LOG_U64("silent_ms", info->silent_ns / NSEC_PER_MSEC),
             LOG_STR("callback_netid", info->callback.netid),
             LOG_STR("callback_addr", info->callback.addr),
             LOG_STR("implementation", info->impl_name), LOG_STR("domain", info->impl_domain));
    return true;
}

void stats_log(const struct server *server, struct transport *transport)
{
    struct state *state = server->state;
    struct session_stats sessions;
    struct transport_stats rpc;
    uint32_t left = LIMIT_STATS_SESSIONS;

    session_stats_read(state, &sessions);
    transport_stats_read(transport, &rpc);
    sessions_log(&sessions);
    transport_log(&rpc);
    memory_log();
    limits_log(state);
    identities_log(server->identities);
#ifdef MAINSTAY_V40
    duplicates_log(server->v40);
#endif
    callbacks_log(server->dial_out);
    callback_stats_log(server->callback);
    delegations_log(state);
    client_info_visit(state, clock_now_ns(), LIMIT_STATS_CLIENTS, client_log, server->dial_out);
    session_gauges_visit(state, session_log, &left);
}
