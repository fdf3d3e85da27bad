/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client record of NFSv4.0 has beyond any other: where it wants to be called back, which
 * SETCLIENTID waits to be confirmed, and how its requests are seen, which have no slots.
 *
 * A request of 4.0 names its client only in its operations: by client id or by a stateid.  From the
 * first one on that does it counts as a request of that client, between begin and end: the client's
 * lease is renewed and does not end meanwhile, and state that the request may have found in order
 * is not revoked (courtesy_end()).  So begin comes before the look at stateid_revoked().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "state/client/client_info.h"

struct stateid;

/* All of it guarded by client_table.lock. */
struct client_v40 {
    struct client_callback callback;
    uint32_t callback_serial; /* grows when a SETCLIENTID_CONFIRM has set the callback */
    uint8_t confirm[NFS4_VERIFIER_SIZE];
    /* SETCLIENTID of the same incarnation: takes effect when confirmed. */
    struct {
        bool waits;
        int64_t made_ns;
        uint8_t confirm[NFS4_VERIFIER_SIZE];
        struct client_callback callback;
    } update;
};

/* RENEW, RFC 7530 §16.28.  STALE_CLIENTID; ACCESS: `principal` is neither that of the client nor of
 * one of its opens; EXPIRED: it has losses, and has not sent SETCLIENTID since it could know. */
enum nfsstat4 client_renew_id(struct state *state, const struct client_principal *principal,
                              uint64_t clientid, int64_t now_ns);

/* A request of the client begins: one that named it by its id (STALE_CLIENTID: no confirmed client
 * of 4.0 has that), or one whose stateid says whose it is (false: the client is being removed, its
 * state too; the caller holds the stateid).  The client has a reference until client_v40_end(), and
 * its lease is renewed.  By stateid no lock is taken. */
enum nfsstat4 client_v40_begin(struct state *state, uint64_t clientid, int64_t now_ns,
                               struct client **client) MUST_USE;
bool client_v40_begin_of(struct client *client, int64_t now_ns) MUST_USE;
void client_v40_end(struct client *client);

/* The operation in progress answers NFS4ERR_EXPIRED or ADMIN_REVOKED for this stateid of the
 * client: it learns of that loss.  The stateid keeps answering so for some time, since the reply
 * may get lost. */
void client_v40_told(struct client *client, struct stateid *sid, int64_t now_ns);

/* A copy of where a confirmed client wants to be called back now, and its serial. */
uint32_t client_v40_callback(struct client *client, struct client_callback *out);
