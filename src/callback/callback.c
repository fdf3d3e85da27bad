/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/callback.h"

#include <stdlib.h>

#include "callback/back_channel.h"
#include "callback/back_reply.h"
#include "callback/back_route.h"
#include "callback/back_service.h"
#include "callback/callback_counters.h"
#include "callback/dial_out.h"
#include "state/session/session_back.h"

struct callback *callback_create(struct state *state, struct dial_out *dial_out)
{
    struct callback *callback = must_calloc(1, sizeof(*callback));

    callback->state = state;
    callback->dial_out = dial_out;
    callback->counters = callback_counters_create();
    if (dial_out)
        dial_out_set_counters(dial_out, callback->counters);
    callback->back_service = back_service_create(callback);
    callback->waits.timeout_ms = CALLBACK_TIMEOUT_MS;
    callback->waits.backoff_ms = CALLBACK_BACKOFF_MS;
    callback->waits.backoff_max_ms = CALLBACK_BACKOFF_MAX_MS;
    return callback;
}

static void set_wait(_Atomic uint32_t *wait, uint32_t ms)
{
    atomic_store_explicit(wait, ms, memory_order_relaxed);
}

void callback_set_waits(struct callback *callback, uint32_t timeout_ms, uint32_t backoff_ms,
                        uint32_t backoff_max_ms)
{
    set_wait(&callback->waits.timeout_ms, timeout_ms);
    set_wait(&callback->waits.backoff_ms, backoff_ms);
    set_wait(&callback->waits.backoff_max_ms, backoff_max_ms);
    if (callback->dial_out)
        dial_out_set_timeout(callback->dial_out, timeout_ms);
}

void callback_set_gss(struct callback *callback, struct gss_table *gss)
{
    callback->gss = gss;
}

void callback_stop(struct callback *callback)
{
    if (callback)
        back_service_stop(callback->back_service);
}

void callback_destroy(struct callback *callback)
{
    if (!callback)
        return;
    back_service_destroy(callback->back_service);
    callback_counters_destroy(callback->counters);
    free(callback);
}

void callback_tick(struct callback *callback, int64_t now_ns)
{
    back_service_tick(callback->back_service, now_ns);
}

bool callback_reply(struct connection *conn, uint32_t xid, const void *body, size_t len,
                    void *context)
{
    struct callback *callback = context;

    if (callback->dial_out && dial_out_reply(conn, xid, body, len, callback->dial_out))
        return true;
    return back_reply(conn, xid, body, len);
}

void callback_closed(struct connection *conn)
{
    back_reply_lost(conn);
}

bool callback_reachable(const struct callback *callback, const struct client *client)
{
    if (client->kind == CLIENT_V40)
        return callback->dial_out && dial_out_state(callback->dial_out, client->id) == DIAL_PATH_UP;
    return client_back_up(client) && !client_back_refuses(client);
}

bool callback_call(struct callback *callback, struct client *client, struct cb_op *ops,
                   uint32_t op_count, const struct session_call *after, callback_done *done,
                   void *arg)
{
    if (client->kind == CLIENT_V40)
        return callback->dial_out &&
               dial_out_call(callback->dial_out, client->id, ops, op_count, done, arg);
    return back_service_call(callback->back_service, client, ops, op_count, after, done, arg);
}

bool callback_call_session(struct callback *callback, struct session *session, struct cb_op *ops,
                           uint32_t op_count, const struct session_call *after, callback_done *done,
                           void *arg)
{
    return back_service_call_session(callback->back_service, session, ops, op_count, after, done,
                                     arg);
}

struct session *callback_session(struct callback *callback, struct client *client)
{
    return back_route_best(callback->back_service, client);
}

struct callback_room callback_room(struct session *session)
{
    return back_channel_room(session, true);
}
