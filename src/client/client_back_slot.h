/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's end of a session's back channel (RFC 8881 §2.10.6): a slot table with a reply cache.
 * It records the last call executed in each slot, so it can distinguish a retry, a new call, and an
 * invalid one.
 */
#pragma once

#include <stdbool.h>

#include "wire/nfs4_callback.h"

#define CLIENT_BACK_SLOTS 64u
#define CLIENT_CALLBACK_REPLY_BYTES 512u

struct client_back_slot {
    uint32_t executed; /* sequence ID of the last call that was executed; 0: none yet */
    uint64_t digest;   /* of its operations */
    uint32_t reply_len;
    uint8_t reply[CLIENT_CALLBACK_REPLY_BYTES]; /* what follows the RPC header */
    uint32_t open;      /* sequence ID of the last call without a reply; 0: none */
    uint64_t open_over; /* serial of the connection that carried it */
    uint32_t uses;      /* calls executed, not counting retries */
};

struct client_back_session {
    uint8_t sessionid[NFS4_SESSIONID_SIZE];
    uint32_t minor;
    bool ended;
    uint32_t late; /* calls that arrived after its end */
    uint32_t slot_count;
    struct client_back_slot slots[CLIENT_BACK_SLOTS];
};

/* Check a CB_SEQUENCE and return its status; NFS4_OK with *retry for a retry of the last executed
 * call. *slot is NULL if there is no such slot. *trouble describes a violation by the server,
 * whatever the status; else NULL. */
enum nfsstat4 client_back_slot_check(struct client_back_session *session,
                                     const struct CB_SEQUENCE4args *args, uint64_t digest,
                                     uint64_t over, struct client_back_slot **slot, bool *retry,
                                     const char **trouble);
