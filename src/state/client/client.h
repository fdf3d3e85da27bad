/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client records: client_exchange.h makes those of NFSv4.1 and later, v40/client_v40.h those of
 * 4.0.
 *
 *     (none) --EXCHANGE_ID--> unconfirmed --first CREATE_SESSION--> confirmed --> dead
 *     (none) --SETCLIENTID--> unconfirmed --SETCLIENTID_CONFIRM---> confirmed --> dead
 *
 * A record is 4.1's or 4.0's (v40/client_v40.h) and stays that; each kind has owner strings of its
 * own.  An owner string has at most one confirmed and one unconfirmed record: that of a new
 * incarnation stands beside the old one until it is confirmed and removes that.  A dead record is
 * in no table; it lives on until its last reference goes, and must get no new opens or locks.
 *
 * A lease that is over ends nothing by itself: client_lease.h.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/htable.h"
#include "base/list.h"
#include "state/client/client_address.h"
#include "state/client/client_peer.h"
#include "state/state.h"

/* The principal of a request, as far as AUTH_NONE and AUTH_SYS can tell. */
struct client_principal {
    uint32_t flavor;
    uint32_t uid;
};

bool client_principal_equal(const struct client_principal *a, const struct client_principal *b);

/* The record that took over its owner string: client_peer.h. */
struct client_replaced {
    uint64_t by; /* that record's id; 0: none */
    struct client_peer peer;
    struct client_principal principal;
};

struct client_owner;     /* client_record.h */
struct client_v40;       /* v40/client_v40.h */
struct client_v40_hooks; /* client_record.h */
struct owner_table;      /* owner.h */
struct recovery_record;

/* The answer to the last CREATE_SESSION, for its retry (RFC 8881 §18.36.4). */
struct client_create_reply {
    uint32_t sequence;
    enum nfsstat4 status;
    struct CREATE_SESSION4resok resok; /* when status is NFS4_OK; no pointers in it */
};

/* Holders of a reference: the client table while the record is alive; each session; opens and
 * locks as they need.  A handler may use compound.client without one: the session has it. */
struct client {
    uint64_t id; /* clientid4; random, never 0 */
    struct state *state;
    _Atomic uint32_t refs;
    _Atomic bool dead;
    _Atomic uint32_t running;       /* 4.0: requests in progress; 4.1 has its slots for that */
    _Atomic int64_t renewed_ns;     /* clock_now_ns() of the last renewal: client_renew() */
    _Atomic bool reclaim_complete;  /* RECLAIM_COMPLETE for all file systems was seen */
    _Atomic bool may_reclaim;       /* it had state in the server's last life (recovery.h) */
    _Atomic bool recorded;          /* 4.0: it may have state, and stable storage says so */
    _Atomic uint32_t revoked_count; /* stateids revoked and not yet freed by FREE_STATEID */
    _Atomic uint32_t
        revoked_admin; /* of these, by an administrator; client_revoked_add(), _sub() */
    _Atomic uint32_t revoked_recalled; /* and delegations that were recalled and not returned */
    _Atomic int64_t told_since_ns;     /* 4.0: when it was told of the first loss that it has not
                                        * acknowledged; 0: there is none (revocation.h) */
    _Atomic uint32_t back_sessions;    /* live sessions that were given a back channel */
    _Atomic uint32_t back_up;          /* of these, with a connection bound to it now */
    _Atomic bool back_refused;         /* client_back_refuses() */

    /* Set when made, never changed. */
    enum client_kind kind;
    struct client_v40 *v40; /* NULL for 4.1's */
    const struct client_v40_hooks *v40_hooks;
    uint8_t verifier[NFS4_VERIFIER_SIZE];
    struct client_principal principal;
    struct recovery_record *recovery; /* recovery.h */

    /* Guarded by client_table.lock. */
    struct hnode by_id;
    struct list all_link;      /* on client_table.confirmed or .unconfirmed */
    struct list courtesy_link; /* on client_table.courtesy when its lease is over */
    struct list shed_link;     /* on client_table.to_shed then, until its sessions were taken */
    int64_t check_ns;          /* when client_sweep() looks at it next */
    struct client_owner *owner;
    struct client_origin *origin; /* client_address.h */
    struct list origin_link;
    bool confirmed;
    struct client_peer peer; /* client_peer.h */
    struct client_replaced replaced;
    char *impl_name, *impl_domain; /* what the client says it is; may be NULL */
    int64_t impl_date_s;           /* and when that was built */
    struct list sessions;
    uint32_t session_count;
    struct client_create_reply create_reply;

    /* Its open and lock owners, opens and locks (owner.h); set when made. */
    struct owner_table *owners;
};

/* RECLAIM_COMPLETE for all file systems; COMPLETE_ALREADY the second time (RFC 8881 §18.51). */
enum nfsstat4 client_reclaim_complete(struct client *client);

/* A reference for the caller, or NULL. */
struct client *client_lookup(struct state *state, uint64_t clientid);

/* A live record of either kind, or of one, or NULL; no reference.  With client_table.lock. */
struct client *client_find_locked(struct state *state, uint64_t clientid);
struct client *client_find_kind_locked(struct state *state, uint64_t clientid,
                                       enum client_kind kind);

struct client *client_get(struct client *client);
void client_put(struct client *client);

/* A stateid of the client is revoked for `why` (stateid_revoked()); it was freed.  _sub() is true
 * when that was the last. */
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

static inline bool client_dead(const struct client *client)
{
    return atomic_load_explicit(&client->dead, memory_order_acquire);
}
