/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/callback.h"

#include <stdlib.h>

#include "callback/dial_out.h"
#include "state/client/client.h"

struct callback *callback_create(struct state *state, struct dial_out *dial_out)
{
    struct callback *callback = must_calloc(1, sizeof(*callback));

    callback->state = state;
    callback->dial_out = dial_out;
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

void callback_destroy(struct callback *callback)
{
    free(callback);
}

bool callback_reachable(const struct callback *callback, const struct client *client)
{
    if (client->kind == CLIENT_V40)
        return dial_out_state(callback->dial_out, client->id) == DIAL_PATH_UP;
    return false;
}

bool callback_call(struct callback *callback, struct client *client, struct cb_op *ops,
                   uint32_t op_count, const struct session_call *after, callback_done *done,
                   void *arg)
{
    (void)after;
    if (client->kind == CLIENT_V40)
        return dial_out_call(callback->dial_out, client->id, ops, op_count, done, arg);
    return false;
}
