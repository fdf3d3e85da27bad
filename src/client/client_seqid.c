/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_seqid.h"

/* RFC 7530 §9.1.7: with these errors the seqid does not advance. */
bool client_owner_advances(enum nfsstat4 status)
{
    switch (status) {
    case NFS4ERR_STALE_CLIENTID:
    case NFS4ERR_STALE_STATEID:
    case NFS4ERR_BAD_STATEID:
    case NFS4ERR_BAD_SEQID:
    case NFS4ERR_BADXDR:
    case NFS4ERR_RESOURCE:
    case NFS4ERR_NOFILEHANDLE:
    case NFS4ERR_MOVED:
        return false;
    default:
        return true;
    }
}

/* RFC 7530 §9.1.3: skips 0. */
uint32_t client_owner_next(uint32_t seqid)
{
    return seqid == UINT32_MAX ? 1 : seqid + 1;
}

void client_owner_follow(const struct client_compound *c, const struct client_result *result)
{
    for (uint32_t i = 0; i < c->seqid_count; i++) {
        const struct client_compound_seqid *use = &c->seqids[i];

        if (use->op_index < result->decoded &&
            client_owner_advances(result->ops[use->op_index].status))
            use->owner->seqid = client_owner_next(use->seqid);
    }
}

void client_session_advance(struct client_session *session, const struct SEQUENCE4resok *ok)
{
    if (ok->sr_slotid < CLIENT_SLOTS)
        session->slots[ok->sr_slotid].seqid = ok->sr_sequenceid + 1;
    session->highest_slot = ok->sr_highest_slotid;
    session->target_highest_slot = ok->sr_target_highest_slotid;
    session->status_flags = ok->sr_status_flags;
}
