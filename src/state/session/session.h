/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions, and what SEQUENCE needs of one: session_create.h makes them, session_end.h ends them.
 * Found by id through 64 shards; a connection remembers its last one (session_conn.h).
 *
 * A session that is destroyed leaves its shard, is marked dead and loses its connections; its
 * memory is freed with the last reference.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/htable.h"
#include "base/limits.h"
#include "base/list.h"
#include "state/client/client.h"
#include "state/session/session_cb_auth.h"
#include "state/session/session_slots.h"
#include "state/session/slot_table.h"
#include "state/state.h"

enum {
    /* RPC headers with AUTH_NONE, RFC 5531 §9, which the sizes of §18.36.3 include. */
    SESSION_RPC_CALL_BYTES = 40,
    SESSION_RPC_REPLY_BYTES = 24,
    /* The smallest COMPOUND with a SEQUENCE, and its reply. */
    SESSION_REQUEST_BYTES_MIN = SESSION_RPC_CALL_BYTES + 12 + 36,
    SESSION_REPLY_BYTES_MIN = SESSION_RPC_REPLY_BYTES + 12 + 44,
    /* CB_SEQUENCE, and the additional bytes for one referring call. */
    SESSION_CB_SEQUENCE_BYTES = 40,
    SESSION_CB_REFERRING_BYTES = 28,
    /* Both, plus a CB_RECALL of the longest filehandle, without credentials; and the reply. */
    SESSION_BACK_REQUEST_BYTES_MIN = SESSION_RPC_CALL_BYTES + 16 + SESSION_CB_SEQUENCE_BYTES +
                                     SESSION_CB_REFERRING_BYTES + 28 + LIMIT_FH_BYTES,
    SESSION_BACK_REPLY_BYTES_MIN = SESSION_RPC_REPLY_BYTES + 12 + 44 + 8,
};

/* Holders of a reference: its shard while it is alive; each binding to a connection; each COMPOUND
 * that runs in it. */
struct session {
    uint8_t id[NFS4_SESSIONID_SIZE]; /* from getrandom */
    _Atomic uint32_t refs;
    _Atomic bool ending; /* about to be marked dead, unless that fails: session_slot_acquire() */
    _Atomic bool dead;
    struct client *client;  /* a reference */
    uint32_t minor_version; /* of CREATE_SESSION; applies to all requests and callbacks */
    struct channel_attrs4 fore, back;

    struct hnode by_id;      /* guarded by the shard's lock */
    struct list client_link; /* guarded by client_table.lock */

    pthread_mutex_t
        lock; /* guards the fields up to back_ever_bound; the last three may be read without
                           * it */
    uint32_t cb_program;
    struct session_cb_auth cb_auth;
    struct list bindings; /* struct session_binding.session_link; oldest first */
    uint32_t binding_count;
    _Atomic bool back_fault;     /* session_back_set_faulty() */
    _Atomic bool back_mute;      /* nothing is left of the credentials that its callbacks may use */
    _Atomic uint32_t back_bound; /* number of bindings for the back channel */
    _Atomic bool back_ever_bound; /* it has ever had a back channel */
    _Atomic(void *) backchannel;  /* owned by callback/; opaque here */

    struct slot_table slots;
    struct session_demand demand;
    _Atomic int64_t reply_bytes; /* its part of state.reply_bytes */
};

/* Returns a reference, or NULL. */
struct session *session_lookup(struct state *state, const uint8_t *id);

struct session *session_get(struct session *session);
void session_put(struct session *session);

static inline bool session_dead(const struct session *session)
{
    return atomic_load_explicit(&session->dead, memory_order_acquire);
}

/* slot_acquire() for a session that may be about to end: SLOT_GONE when it has.  A request that is
 * let in is seen by session_end_locked().  With no lock held. */
enum slot_verdict session_slot_acquire(struct session *session, struct slot *slot, uint32_t seqid,
                                       const struct slot_request *request,
                                       struct slot_replay *replay);

/* slot_release(), updating the server-wide count of reply memory. */
void session_slot_release(struct session *session, struct slot *slot, const void *reply,
                          uint32_t len);
