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
    return callback;
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
