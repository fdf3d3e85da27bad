/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation.h"

enum nfsstat4 delegation_begin(struct state *state, struct vfs_object *obj,
                               const struct client *client, enum delegation_use use, int64_t now_ns,
                               struct delegation_waiter *waiter)
{
    (void)state, (void)obj, (void)client, (void)use, (void)now_ns, (void)waiter;
    return NFS4_OK;
}

void delegation_end(struct state *state, struct vfs_object *obj)
{
    (void)state, (void)obj;
}

bool delegation_offer(struct state *state, const struct delegation_request *request,
                      enum delegation_kind *kind, struct stateid4 *stateid,
                      enum why_no_delegation4 *why)
{
    (void)state, (void)request, (void)kind, (void)stateid;
    *why = WND4_NOT_SUPP_FTYPE;
    return false;
}
