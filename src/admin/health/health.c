/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/health/health.h"

#include <jansson.h>

#include "admin/endpoint.h"
#include "admin/http/http_request.h"
#include "base/clock.h"
#include "proto/compound.h"
#include "state/recovery/recovery.h"
#include "state/recovery/recovery_grace.h"
#include "state/state.h"
#include "transport/transport.h"

/* Why not; with none of them all is well. */
struct reasons {
    json_t *texts; /* NULL: there was no memory */
    unsigned count;
};

static void reason_add(struct reasons *reasons, bool given, const char *reason)
{
    if (!given)
        return;
    reasons->count++;
    (void)json_array_append_new(reasons->texts, json_string(reason));
}

/* The texts are given away. */
static void reply(struct http_request *request, struct reasons *reasons, const char *good,
                  const char *bad)
{
    if (reasons->count > 0) {
        http_reply_problem(&request->reply, 503, bad, reasons->texts);
    } else {
        json_decref(reasons->texts);
        http_reply_json(&request->reply, json_pack("{s:s}", "status", good));
    }
}

/* The main thread beats once a second. */
static bool timer_is_silent(const struct state *state)
{
    int64_t beat_ns = atomic_load_explicit(&state->stall.beat_ns, memory_order_relaxed);

    return beat_ns != 0 && clock_boot_ns() - beat_ns > LIMIT_ADMIN_STUCK_S * NSEC_PER_SEC;
}

void health_live(struct http_request *request, void *context)
{
    const struct endpoint *endpoint = context;
    struct reasons reasons = {.texts = json_array()};
    struct transport_stats stats;

    transport_stats_read(endpoint->transport, &stats);
    reason_add(&reasons, stats.loops_stuck > 0, "an event loop does not turn");
    reason_add(&reasons, timer_is_silent(endpoint->server->state), "the timer does not run");
    reply(request, &reasons, "alive", "the server does not work");
}

void health_ready(struct http_request *request, void *context)
{
    const struct endpoint *endpoint = context;
    enum endpoint_phase phase = atomic_load_explicit(&endpoint->phase, memory_order_acquire);
    struct reasons reasons = {.texts = json_array()};

    reason_add(&reasons, phase == ENDPOINT_STARTING, "the server does not listen yet");
    reason_add(&reasons, phase == ENDPOINT_DRAINING,
               "the server drains: it refuses new connections, and will end");
    reason_add(&reasons, phase == ENDPOINT_ENDING, "the server is about to end");
    reason_add(&reasons, recovery_in_grace(endpoint->server->state->recovery),
               "the grace period is not over: clients may only reclaim what they held");
    reason_add(&reasons, recovery_is_failing(endpoint->server->state->recovery),
               "the state directory cannot be written: new clients cannot be recorded, and get no "
               "opens and locks");
    reply(request, &reasons, "ready", "the server is not ready");
}
