/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ops/grace.h"

#include "state/client/client.h"
#include "state/client/recovery_client.h"
#include "state/recovery/recovery_grace.h"

enum nfsstat4 grace_check_new(const struct compound *c)
{
    return recovery_client_grant(c->server->state->recovery, c->client);
}

enum nfsstat4 grace_check_io(const struct compound *c)
{
    return recovery_in_grace(c->server->state->recovery) ? NFS4ERR_GRACE : NFS4_OK;
}

enum nfsstat4 grace_reclaim_begin(const struct compound *c)
{
    return recovery_client_reclaim_begin(c->server->state->recovery, c->client,
                                         c->call->received_ns);
}

void grace_reclaim_end(const struct compound *c, enum nfsstat4 status)
{
    if (status == NFS4_OK)
        recovery_client_reclaimed(c->server->state->recovery, c->client);
    recovery_reclaim_end(c->server->state->recovery);
}

enum nfsstat4 grace_reclaim_status(enum nfsstat4 status)
{
    if (status == NFS4ERR_SHARE_DENIED || status == NFS4ERR_DENIED)
        return NFS4ERR_RECLAIM_CONFLICT;
    return status;
}
