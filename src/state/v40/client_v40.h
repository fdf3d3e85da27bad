/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The additional part of a 4.0 client record: its callback address, an unconfirmed SETCLIENTID, and
 * the tracking of its requests, which have no slots.
 *
 * A 4.0 request names its client only in its operations: by client ID or by a stateid.  From the
 * first such operation on it counts as a request of that client, between begin and end: the
 * client's lease is renewed and does not end meanwhile, and state that the request may have found
 * valid is not revoked (courtesy_end()).  So begin must come before the check of stateid_revoked().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "state/client/client_info.h"

struct stateid;

/* Guarded by client_table.lock. */
struct client_v40 {
    struct client_callback callback;
    uint32_t callback_serial; /* incremented when a SETCLIENTID_CONFIRM has set the callback */
    uint8_t confirm[NFS4_VERIFIER_SIZE];
    /* A SETCLIENTID of the same incarnation: takes effect when confirmed. */
    struct {
        bool waits;
        int64_t made_ns;
        uint8_t confirm[NFS4_VERIFIER_SIZE];
        struct client_callback callback;
    } update;
};

/* RENEW, RFC 7530 §16.28.  STALE_CLIENTID; ACCESS: `principal` is neither that of the client nor of
 * one of its opens; EXPIRED: the client has losses, and has not sent SETCLIENTID since it could
 * know of them. */
enum nfsstat4 client_renew_id(struct state *state, struct client_principal principal,
                              uint64_t clientid, int64_t now_ns);

/* A request of the client begins: one that named it by its ID (STALE_CLIENTID: no confirmed 4.0
 * client has it), or by a stateid (false: the client is being removed; the caller holds the
 * stateid).  The client has a reference until client_v40_end(), and its lease is renewed.  By
 * stateid, takes no lock. */
enum nfsstat4 client_v40_begin(struct state *state, uint64_t clientid, int64_t now_ns,
                               struct client **client) MUST_USE;
bool client_v40_begin_of(struct client *client, int64_t now_ns) MUST_USE;
void client_v40_end(struct client *client);

/* The current operation returns NFS4ERR_EXPIRED or ADMIN_REVOKED for this stateid of the client,
 * which thereby learns of the loss.  The stateid continues to return that for some time, since the
 * reply may get lost. */
void client_v40_loss_reported(struct client *client, struct stateid *sid, int64_t now_ns);

/* A copy of a confirmed client's present callback address.  Returns its serial. */
uint32_t client_v40_callback(struct client *client, struct client_callback *out);
