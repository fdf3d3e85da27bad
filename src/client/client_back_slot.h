/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's end of a session's back channel (RFC 8881 §2.10.6): a slot table with a reply cache.
 * It knows for each slot which call was executed last, so it tells a retry from a new call and from
 * one that is neither.
 */
#pragma once

#include <stdbool.h>

#include "wire/nfs4_callback.h"

#define CLIENT_BACK_SLOTS 64u
#define CLIENT_CALLBACK_REPLY_BYTES 512u

struct client_back_slot {
    uint32_t executed; /* sequence id of the last call that was executed; 0: none yet */
    uint64_t digest;   /* of its operations */
    uint32_t reply_len;
    uint8_t reply[CLIENT_CALLBACK_REPLY_BYTES]; /* what follows the RPC header */
    uint32_t open;      /* sequence id of the last call that has no reply; 0: none */
    uint64_t open_over; /* serial of the connection that it came over */
    uint32_t uses;      /* calls executed, retries not counted */
};

struct client_back_session {
    uint8_t sessionid[NFS4_SESSIONID_SIZE];
    uint32_t minor;
    bool ended;
    uint32_t late; /* calls that came after its end */
    uint32_t slot_count;
    struct client_back_slot slots[CLIENT_BACK_SLOTS];
};

/* What a CB_SEQUENCE is answered; NFS4_OK with *retry for the retry of what was executed last.
 * *slot is NULL when there is none of that number.  *trouble is what the server did that it must
 * not do, whatever the answer is; else NULL. */
enum nfsstat4 client_back_slot_check(struct client_back_session *session,
                                     const struct CB_SEQUENCE4args *args, uint64_t digest,
                                     uint64_t over, struct client_back_slot **slot, bool *retry,
                                     const char **trouble);
