/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_back_slot.h"

#include <stddef.h>

/* A call may come again when the connection is gone that it came over, and only then (RFC 8881
 * §2.10.6.2); another one may use the slot when the one before has its reply. */
static const char *order_of(const struct client_back_slot *slot, uint32_t seqid, uint64_t over)
{
    if (slot->open == 0)
        return NULL;
    if (slot->open != seqid)
        return "a slot is used again before its call has a reply";
    if (slot->open_over == over)
        return "a call without a reply comes again over the same connection";
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
        *trouble = "a sequence id that is neither the next nor the last";
        return NFS4ERR_SEQ_MISORDERED;
    }
    *retry = true;
    if (digest != s->digest) {
        *trouble = "a retry that is another call";
        return NFS4ERR_SEQ_FALSE_RETRY;
    }
    /* A reply that was sent may be lost with its connection. */
    if (!*trouble && s->open == 0 && s->open_over == over)
        *trouble = "a retry of what has its reply";
    return NFS4_OK;
}
