/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_server.h"

#include <jansson.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "admin/api/api_grace.h"
#include "admin/endpoint.h"
#include "admin/http/http_request.h"
#include "base/clock.h"
#include "base/memory.h"
#include "proto/compound.h"
#include "state/delegation/delegation_stats.h"
#include "state/state.h"
#include "transport/transport.h"

const char *api_server_phase(const struct endpoint *endpoint)
{
    switch (atomic_load_explicit(&endpoint->phase, memory_order_acquire)) {
    case ENDPOINT_STARTING:
        return "starting";
    case ENDPOINT_SERVING:
        return "serving";
    case ENDPOINT_DRAINING:
        return "draining";
    case ENDPOINT_ENDING:
        return "ending";
    }
    return "?";
}

json_t *api_server_time(const struct timespec *when)
{
    char text[32] = "";
    struct tm parts;

    if (gmtime_r(&when->tv_sec, &parts))
        (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return json_string(text);
}

json_t *api_server_counts(const struct endpoint *endpoint)
{
    struct state *state = endpoint->server->state;
    struct transport_stats transport;
    struct state_limit_stats held;
    struct delegation_stats delegations;
    json_int_t delegated;

    transport_stats_read(endpoint->transport, &transport);
    state_limit_stats_read(state, &held);
    delegation_stats_read(state, clock_now_ns(), &delegations);
    delegated =
        (json_int_t)(delegations.held_read + delegations.held_write + delegations.held_directory);
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "connections",
                     (json_int_t)transport.connections, "clients", (json_int_t)held.clients,
                     "sessions", (json_int_t)held.sessions, "opens", (json_int_t)held.opens,
                     "revoked_opens", (json_int_t)held.revoked_opens, "locks",
                     (json_int_t)held.locks, "delegations", delegated);
}

/* What mem exports hold is not part of the budget. */
json_t *api_server_memory(void)
{
    struct memory_stats stats;
    uint64_t used;

    memory_stats_read(&stats);
    used = stats.total - stats.of[MEMORY_data] - stats.of[MEMORY_objects];
    return json_pack("{s:I, s:I}", "used_bytes", (json_int_t)used, "budget_bytes",
                     (json_int_t)stats.budget);
}

void api_server_show(struct http_request *request, void *context)
{
    const struct endpoint *endpoint = context;
    struct server *server = endpoint->server;
    struct minor_range minors = atomic_load_explicit(&server->minors, memory_order_relaxed);
    int64_t uptime_ns = clock_boot_ns() - endpoint->started_ns;

    if (!http_query_check(request, NULL, 0))
        return;
    http_reply_json(
        &request->reply,
        json_pack("{s:s, s:s, s:s, s:i, s:s, s:o, s:f, s:{s:i, s:i}, s:i, s:o, s:o, s:o}",
                  "version", MAINSTAY_VERSION, "commit", endpoint->commit, "instance",
                  server->state->server_owner, "pid", (int)getpid(), "phase",
                  api_server_phase(endpoint), "started", api_server_time(&endpoint->started),
                  "uptime_s", (double)uptime_ns / (double)NSEC_PER_SEC, "minor_versions", "min",
                  (int)minors.min, "max", (int)minors.max, "lease_s", (int)server->lease_s, "grace",
                  api_grace_json(server->state), "counts", api_server_counts(endpoint), "memory",
                  api_server_memory()));
}
