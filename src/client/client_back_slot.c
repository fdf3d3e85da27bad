/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_back_slot.h"

#include <stddef.h>

/* A call may be resent only after the connection that carried it is gone (RFC 8881 §2.10.6.2).  A
 * slot may be reused only after its previous call has a reply. */
static const char *order_of(const struct client_back_slot *slot, uint32_t seqid, uint64_t over)
{
    if (slot->open == 0)
        return NULL;
    if (slot->open != seqid)
        return "a slot is reused before its call has a reply";
    if (slot->open_over == over)
        return "a call without a reply is resent over the same connection";
    return NULL;
}

enum nfsstat4 client_back_slot_check(struct client_back_session *session,
                                     const struct CB_SEQUENCE4args *args, uint64_t digest,
                                     uint64_t over, struct client_back_slot **slot, bool *retry,
                                     const char **trouble)
{
    struct client_back_slot *s;

    *retry = false;
    *slot = NULL;
    *trouble = "a slot that was not granted";
    if (args->csa_slotid >= session->slot_count)
        return NFS4ERR_BADSLOT;
    *trouble = "csa_highest_slotid is below the slot, or beyond the table";
    if (args->csa_highest_slotid < args->csa_slotid ||
        args->csa_highest_slotid >= session->slot_count)
        return NFS4ERR_BAD_HIGH_SLOT;
    *slot = s = &session->slots[args->csa_slotid];
    *trouble = order_of(s, args->csa_sequenceid, over);
    if (args->csa_sequenceid == s->executed + 1)
        return NFS4_OK;
    if (s->executed == 0 || args->csa_sequenceid != s->executed) {
        *trouble = "a sequence ID that is neither the next nor the last";
        return NFS4ERR_SEQ_MISORDERED;
    }
    *retry = true;
    if (digest != s->digest) {
        *trouble = "a retry that differs from its call";
        return NFS4ERR_SEQ_FALSE_RETRY;
    }
    /* A reply that was sent may have been lost with its connection. */
    if (!*trouble && s->open == 0 && s->open_over == over)
        *trouble = "a retry of a call that has its reply";
    return NFS4_OK;
}
