/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Information about a session for users: a copy, as of one moment.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/htable.h"
#include "base/limits.h"
#include "state/client/client_peer.h"
#include "wire/nfs4_types.h"

struct slot_view;
struct state;

/* The other end of a connection. */
struct session_peer {
    struct client_peer address;
    uint16_t port;
};

/* A connection that is bound to the session, and to which channels. */
struct session_connection {
    struct session_peer peer;
    bool fore, back;
};

enum session_back_state {
    SESSION_BACK_NONE, /* it never had a connection for callbacks */
    SESSION_BACK_DOWN, /* it has none now, or its sequence is not known any more */
    SESSION_BACK_UP,
};

/* Where a listing of all sessions is.  Zeroed, at its beginning. */
struct session_place {
    uint32_t shard;
    struct htable_place in_shard;
    bool end;
};

struct session_info {
    struct session_place place; /* behind it: from here a listing can go on */
    uint8_t id[NFS4_SESSIONID_SIZE];
    uint64_t clientid;
    uint32_t minor_version;
    uint32_t owner_len; /* of its client; none if that is just being removed */
    uint8_t owner[LIMIT_CLIENT_OWNER_BYTES];
    uint32_t slots, slots_in_use;
    /* How many slots the client used at a time, at most, in the last one or two lease periods, as
     * its sa_highest_slotid tells. */
    uint32_t slots_peak;
    uint64_t reply_bytes; /* memory of its cached replies */
    uint64_t requests;    /* new ones so far: slot_table_requests() */
    enum session_back_state back;
    bool back_refused; /* its client refused the last callback as a whole */
    int64_t idle_ns;   /* since its last new request; up to a second too long */
    uint32_t connection_count;
    struct session_connection connections[LIMIT_SESSION_CONNECTIONS];
};

/* Tells the other end of a transport connection (session_conn.transport), which this layer does not
 * know.  With session.lock held. */
typedef void session_peer_of(void *transport, struct session_peer *peer);

enum {
    SESSION_INFO_CHUNK = 16
};

/* Copy up to SESSION_INFO_CHUNK sessions behind `place` to `infos`, and advance it.  Returns their
 * number, which may be 0 before place->end.  A session that exists throughout a listing is copied
 * once.  Each lock is held for some microseconds; afterwards the thread sleeps briefly, so that
 * others get them. */
uint32_t session_info_next(struct state *state, int64_t now_ns, session_peer_of *peer_of,
                           struct session_place *place,
                           struct session_info infos[SESSION_INFO_CHUNK]);

/* False: there is no such session. */
bool session_info_get(struct state *state, const uint8_t *id, int64_t now_ns,
                      session_peer_of *peer_of, struct session_info *info);

/* What its slots are doing: slot_table_view().  Returns their number; 0 also if there is no such
 * session. */
uint32_t session_info_slots(struct state *state, const uint8_t *id, struct slot_view *views,
                            uint32_t most);

/* The IDs of a client's sessions.  Returns their number; 0 also if there is no such client. */
uint32_t session_info_ids(struct state *state, uint64_t clientid,
                          uint8_t ids[LIMIT_SESSIONS_PER_CLIENT][NFS4_SESSIONID_SIZE]);
