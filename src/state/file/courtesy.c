/* SPDX-License-Identifier: Apache-2.0 */
#include "state/file/courtesy.h"

#include "base/log.h"
#include "state/file/revocation.h"

/* Its place among those noted, or count. */
static uint32_t find(const struct courtesy *courtesy, const struct client *client)
{
    uint32_t i = 0;

    while (i < courtesy->count && courtesy->clients[i] != client)
        i++;
    return i;
}

void courtesy_add(struct courtesy *courtesy, struct client *client)
{
    if (courtesy->count < LIMIT_COURTESY_CLIENTS && find(courtesy, client) == courtesy->count)
        courtesy->clients[courtesy->count++] = client_get(client);
}

static void release(struct courtesy *courtesy, uint32_t begun)
{
    for (uint32_t i = 0; i < courtesy->count; i++) {
        if (i < begun)
            revocation_end(courtesy->clients[i], NFS4ERR_EXPIRED);
        client_put(courtesy->clients[i]);
    }
    courtesy->count = 0;
    courtesy->lost = 0;
}

/* Each that was begun has its end. */
static bool note(struct client *client, uint32_t *begun)
{
    (*begun)++;
    return revocation_begin(client, NFS4ERR_EXPIRED);
}

enum nfsstat4 courtesy_begin(struct courtesy *courtesy)
{
    uint32_t begun = 0;
    bool noted = courtesy->turns++ < LIMIT_COURTESY_TURNS;

    CHECK(courtesy->count > 0);
    while (noted && begun < courtesy->count) {
        struct client *client = courtesy->clients[begun];

        noted = client_lapsed(client, courtesy->now_ns) && note(client, &begun);
    }
    if (noted)
        return NFS4_OK;
    release(courtesy, begun);
    return NFS4ERR_DELAY;
}

enum nfsstat4 courtesy_end(struct courtesy *courtesy)
{
    bool runs = false;

    for (uint32_t i = 0; i < courtesy->count; i++) {
        if (!(courtesy->lost & 1u << i))
            continue;
        log_info("client.revoke", LOG_ID("client", courtesy->clients[i]->id));
        runs = runs || client_request_runs(courtesy->clients[i]);
    }
    release(courtesy, courtesy->count);
    return runs ? NFS4ERR_DELAY : NFS4_OK;
}

bool courtesy_may_revoke(struct courtesy *courtesy, const struct client *client)
{
    uint32_t i = find(courtesy, client);

    if (i == courtesy->count || !client_lease_over(client, courtesy->now_ns))
        return false;
    courtesy->lost |= 1u << i;
    return true;
}
