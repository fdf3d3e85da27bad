/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_drain.h"

#include <errno.h>
#include <stdlib.h>

#include "admin/api/api_body.h"
#include "admin/endpoint.h"
#include "admin/http/http_request.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "transport/transport.h"

enum {
    TIMEOUT_USUAL_S = 60
};

/* False: the reply is a problem. */
static bool timeout_read(struct http_request *request, uint32_t *timeout_s)
{
    const char *text = http_query(request, "timeout_s");
    unsigned long number;
    char *end;

    *timeout_s = TIMEOUT_USUAL_S;
    if (!text)
        return true;
    errno = 0;
    number = strtoul(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && number <= LIMIT_DRAIN_S) {
        *timeout_s = (uint32_t)number;
        return true;
    }
    http_reply_problem(&request->reply, 400, "parameter 'timeout_s' wants 0 to 86400 seconds",
                       NULL);
    return false;
}

/* A second one may only change the time. */
void api_drain_begin(struct http_request *request, void *context)
{
    static const char *const names[] = {"timeout_s"};
    struct endpoint *endpoint = context;
    enum endpoint_phase phase = atomic_load_explicit(&endpoint->phase, memory_order_acquire);
    uint32_t timeout_s;

    if (!http_query_check(request, names, ARRAY_SIZE(names)) ||
        !timeout_read(request, &timeout_s) || !api_body_none(request))
        return;
    if (phase == ENDPOINT_STARTING) {
        http_reply_problem(&request->reply, 409, "the server is just starting: try again", NULL);
        return;
    }
    atomic_store_explicit(&endpoint->drained_ns, clock_now_ns() + timeout_s * NSEC_PER_SEC,
                          memory_order_relaxed);
    phase = ENDPOINT_SERVING;
    atomic_compare_exchange_strong_explicit(&endpoint->phase, &phase, ENDPOINT_DRAINING,
                                            memory_order_release, memory_order_relaxed);
    transport_listen_end(endpoint->transport);
    log_warn("daemon.draining", LOG_STR("by", request->by), LOG_U64("timeout_s", timeout_s));
    http_reply_done(&request->reply);
    request->reply.status = 202;
}
