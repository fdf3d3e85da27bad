/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client records: client_exchange.h makes those of NFSv4.1 and later, v40/client_v40.h those of
 * 4.0.
 *
 *     (none) --EXCHANGE_ID--> unconfirmed --first CREATE_SESSION--> confirmed --> dead
 *     (none) --SETCLIENTID--> unconfirmed --SETCLIENTID_CONFIRM---> confirmed --> dead
 *
 * A record belongs to 4.1 and later or to 4.0 (v40/client_v40.h) for its lifetime; each kind has
 * its own owner strings.  An owner string has at most one confirmed and one unconfirmed record: the
 * record of a new incarnation exists beside the old one until it is confirmed, which removes the
 * old one.  A dead record is in no table.  It exists until its last reference is put, and must not
 * get new opens or locks.
 *
 * An expired lease alone ends nothing: client_lease.h.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/htable.h"
#include "base/list.h"
#include "state/client/client_address.h"
#include "state/client/client_delay.h"
#include "state/client/client_peer.h"
#include "state/client/client_protection.h"
#include "state/state.h"

/* The record that took over its owner string: client_peer.h. */
struct client_replaced {
    uint64_t by; /* its ID; 0: none */
    struct client_peer peer;
    struct client_principal principal;
};

struct client_owner;     /* client_record.h */
struct client_v40;       /* v40/client_v40.h */
struct client_v40_hooks; /* client_record.h */
struct owner_table;      /* owner.h */
struct recovery_record;

/* The reply to the last CREATE_SESSION, for its retry (RFC 8881 §18.36.4). */
struct client_create_reply {
    uint32_t sequence;
    enum nfsstat4 status;
    struct CREATE_SESSION4resok resok; /* if status is NFS4_OK; contains no pointers */
};

/* Holders of a reference: the client table while the record is alive; each session; opens and locks
 * as needed.  A handler may use compound.client without one, because the session holds one. */
struct client {
    uint64_t id; /* clientid4; random, never 0 */
    struct state *state;
    _Atomic uint32_t refs;
    _Atomic bool dead;
    _Atomic uint32_t running;          /* 4.0: requests in progress; 4.1 uses its slots, and counts
                                        * turns of its copies here: client_run_begin() */
    _Atomic uint32_t parked;           /* requests that wait for delegations of other clients */
    _Atomic int64_t renewed_ns;        /* clock_now_ns() of the last renewal: client_renew() */
    _Atomic bool reclaim_complete;     /* it has sent RECLAIM_COMPLETE for all file systems */
    _Atomic bool may_reclaim;          /* it had state in the server's last run (recovery.h) */
    _Atomic bool recorded;             /* 4.0: it may have state, which is recorded in stable
                                     * storage */
    _Atomic uint32_t revoked_count;    /* stateids revoked and not yet freed by FREE_STATEID */
    _Atomic uint32_t revoked_admin;    /* by an administrator; client_revoked_add(), _sub() */
    _Atomic uint32_t revoked_recalled; /* delegations recalled and not returned */
    _Atomic int64_t reported_since_ns; /* 4.0: when it was first told of a loss that it has not
                                        * acknowledged; 0: none (revocation.h) */
    _Atomic uint32_t back_sessions;    /* live sessions with a back channel */
    _Atomic uint32_t back_up;          /* those with a connection bound to it */
    _Atomic bool back_refused;         /* client_back_refuses() */

    /* Set at creation, then constant. */
    enum client_kind kind;
    struct client_v40 *v40; /* NULL for 4.1 and later */
    const struct client_v40_hooks *v40_hooks;
    uint8_t verifier[NFS4_VERIFIER_SIZE];
    struct client_caller caller;
    struct client_protection protection;
    struct recovery_record *recovery; /* recovery.h */

    /* Guarded by client_table.lock. */
    struct hnode by_id;
    struct list all_link;      /* of client_table.confirmed or .unconfirmed */
    struct list courtesy_link; /* of client_table.courtesy while its lease is over */
    /* Of client_table.courtesy_sessions then, until its sessions are ended. */
    struct list courtesy_sessions_link;
    int64_t check_ns; /* when client_sweep() examines it next */
    struct client_owner *owner;
    struct client_origin *origin; /* client_address.h */
    struct list origin_link;
    bool confirmed;
    struct client_peer peer; /* client_peer.h */
    struct client_replaced replaced;
    char *impl_name, *impl_domain; /* from its implementation ID; may be NULL */
    int64_t impl_date_s;           /* its build date */
    struct list sessions;
    uint32_t session_count;
    struct client_create_reply create_reply;

    /* Its open and lock owners, opens and locks (owner.h); set at creation. */
    struct owner_table *owners;

    struct client_delay delay;
};

/* RECLAIM_COMPLETE for all file systems.  NFS4ERR_COMPLETE_ALREADY the second time (RFC 8881
 * §18.51). */
enum nfsstat4 client_reclaim_complete(struct client *client);

/* Returns a reference, or NULL. */
struct client *client_lookup(struct state *state, uint64_t clientid);

/* A live record of either kind, or of one, or NULL; no reference.  With client_table.lock. */
struct client *client_lookup_locked(struct state *state, uint64_t clientid);
struct client *client_lookup_kind_locked(struct state *state, uint64_t clientid,
                                         enum client_kind kind);

struct client *client_get(struct client *client);
void client_put(struct client *client);

/* Count a stateid of the client that was revoked for `why` (stateid_revoked()), or one that was
 * freed.  _sub() returns true for the last one. */
static inline _Atomic uint32_t *client_revoked_part(struct client *client, enum nfsstat4 why)
{
    if (why == NFS4ERR_ADMIN_REVOKED)
        return &client->revoked_admin;
    return why == NFS4ERR_DELEG_REVOKED ? &client->revoked_recalled : NULL;
}

static inline void client_revoked_add(struct client *client, enum nfsstat4 why)
{
    _Atomic uint32_t *part = client_revoked_part(client, why);

    if (part)
        atomic_fetch_add_explicit(part, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&client->revoked_count, 1, memory_order_relaxed);
}

static inline bool client_revoked_sub(struct client *client, enum nfsstat4 why)
{
    _Atomic uint32_t *part = client_revoked_part(client, why);

    if (part)
        atomic_fetch_sub_explicit(part, 1, memory_order_relaxed);
    return atomic_fetch_sub_explicit(&client->revoked_count, 1, memory_order_relaxed) == 1;
}

/* Enclose work that uses state of the client, and that no slot stands for.  A revocation looks at
 * the count after it has revoked, all of it seq_cst: either it sees this, or this sees the state
 * gone (client_request_runs()). */
static inline void client_run_begin(struct client *client)
{
    atomic_fetch_add_explicit(&client->running, 1, memory_order_seq_cst);
}

static inline void client_run_end(struct client *client)
{
    atomic_fetch_sub_explicit(&client->running, 1, memory_order_release);
}

static inline bool client_dead(const struct client *client)
{
    return atomic_load_explicit(&client->dead, memory_order_acquire);
}
