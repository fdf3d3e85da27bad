/* SPDX-License-Identifier: Apache-2.0 */
#include "state/client/client_name.h"

#include <string.h>

#include "state/client/client_record.h"

bool client_name_get(struct state *state, uint64_t clientid, struct client_name *name)
{
    const struct client *client;

    pthread_mutex_lock(&state->clients.lock);
    client = client_lookup_locked(state, clientid);
    if (client) {
        name->len = client->owner->len;
        memcpy(name->bytes, client->owner->string, name->len);
    }
    pthread_mutex_unlock(&state->clients.lock);
    return client != NULL;
}
