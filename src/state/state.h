/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the folders of state/ share: the tables of clients and sessions, limits, and the hooks by
 * which a folder calls those above it (ARCHITECTURE.md shows their order).  Created once by
 * daemon/; operation handlers reach it through struct server.  Of connections it knows only their
 * addresses.
 *
 * Lock order: client_table.lock, session_shard.lock; and independently, session_conn.lock,
 * session.lock.  The locks of opens and byte-range locks are in file.h; none of them is held
 * together with one of these.  recovery.lock is a leaf.  None is held over a call into a backend.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/counter.h"
#include "base/htable.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/log_limit.h"
#include "state/reply_budget.h"
#include "state/stall.h"
#include "state/state_limit.h"
#include "wire/nfs4_types.h"

struct client;
struct client_hooks;
struct client_principal;
struct delegation_tables;
struct lock_conflict_hooks;
struct lock_notices;
struct open_tables;
struct recovery;
struct session;
struct state;

/* The numbers are stored persistently. */
enum client_kind {
    CLIENT_V40 = 0,
    CLIENT_V41 = 1, /* and later minor versions */
};

/* Installed by opens and locks, which end with their client. */
struct state_client_hooks {
    /* Drop all opens, locks and owners of a dead client; no new ones come.  Called without a lock
     * of state/; may call backends. */
    void (*release)(struct state *state, struct client *client);
    /* Does the client hold opens or locks that are not revoked?  Called with or without
     * client_table.lock. */
    bool (*has_state)(struct state *state, struct client *client);
};

/* Installed by the code that calls 4.0 clients back, whose path ends with the client. */
struct state_gone_hook {
    /* A client is dead and in no table any more.  Called without a lock of state/; must not
     * block. */
    void (*gone)(struct client *client, void *context);
    void *context;
};

/* Installed by the code that uses back channels (session_back.h).  Called without a lock of state/;
 * must not block. */
struct state_back_hooks {
    /* A connection was bound to the back channel; the reply to the binding has not been sent. */
    void (*bound)(struct session *session, void *context);
    /* The session is dead and has no connections any more. */
    void (*ended)(struct session *session, void *context);
    /* Its last reference is gone: free what is attached to it. */
    void (*freed)(void *backchannel);
    /* Has the caller made a context of RPCSEC_GSS that has this handle?  NULL: there are none. */
    bool (*context_known)(const struct wire_opaque *handle, const struct client_principal *caller,
                          void *context);
    void *context;
};

/* Installed by the code that sends CB_RECALL_SLOT (slot_recall.h). */
struct slot_recall_hook {
    /* Send it without blocking.  slot_recall_done() must follow, once, possibly before this
     * returns; the hook takes a reference for that.  False: the client cannot be reached. */
    bool (*ask)(struct session *session, uint32_t target_highest, void *context);
    void *context;
};

struct state_config {
    uint32_t lease_s;            /* 0: 90 */
    uint64_t boot_id;            /* different in each run of the server; 0: random */
    const char *server_owner;    /* so_major_id and scope: the same as long as it is one server */
    uint32_t sessions_max;       /* 0: LIMIT_SESSIONS */
    uint32_t clients_max;        /* 0: LIMIT_CLIENTS */
    uint32_t slots_initial;      /* of a new session; 0: LIMIT_SLOTS_DEFAULT */
    uint64_t reply_budget_bytes; /* 0: LIMIT_REPLY_BUDGET_BYTES */
    /* The state takes it over; NULL: nothing survives the server. */
    struct recovery *recovery;
};

enum {
    SESSION_SHARDS = 64 /* a power of two */
};

struct session_shard {
    pthread_mutex_t lock; /* guards table */
    struct htable table;  /* struct session by_id */
};

struct client_table {
    pthread_mutex_t lock; /* guards the rest, and what client.h says */
    struct htable by_id;
    struct htable by_owner;
    struct htable by_address;      /* client_address.h */
    struct list confirmed;         /* by client.check_ns */
    struct list unconfirmed;       /* oldest first */
    struct list courtesy;          /* confirmed ones whose lease is over; expired longest first */
    struct list courtesy_sessions; /* those of them that may have sessions; same order */
    uint32_t count, unconfirmed_count, courtesy_count;
    uint64_t expired_count; /* leases that have expired so far */
    uint64_t owner_seed;    /* random, because clients choose their owner strings */
};

struct state {
    /* What each request reads comes first, apart from what changes. */
    uint32_t lease_s;
    int64_t lease_ns;
    int64_t margin_ns; /* client_lease_over() */
    uint64_t boot_id;
    char *server_owner;
    _Atomic uint32_t slots_initial; /* of sessions to come: session_slots_usual() */
    struct counter_set *counters;   /* session_stats.h */
    uint64_t digest_seed;           /* random: for slot_request.digest */
    struct state_client_hooks hooks;
    struct state_gone_hook gone_hook;
    struct state_back_hooks back_hooks;
    struct slot_recall_hook slot_hook;
    /* Hooks of folders above others; set by state_create(). */
    const struct client_hooks *client_hooks;               /* client_hooks.h */
    const struct lock_conflict_hooks *lock_conflict_hooks; /* lock_conflict.h */
    struct open_tables *opens;                             /* stateids and files */
    struct lock_notices *lock_notices;                     /* lock_notice.h */
    struct delegation_tables *delegations;
    struct recovery *recovery; /* never NULL */

    struct client_table clients;
    struct log_limit replaced; /* lines about clients (client_peer.h) */
    struct session_shard session_shards[SESSION_SHARDS];
    _Atomic uint32_t session_count;
    _Atomic int64_t reply_bytes; /* memory of cached replies */
    struct reply_budget reply_budget;
    _Atomic bool shortage; /* state_report_shortage() */
    struct stall stall;
    struct state_limits limits;
};

/* Never fails; without memory or randomness it ends the process. */
struct state *state_create(const struct state_config *config);

/* Drop all clients and free everything.  No call may run, and no connection may be left. */
void state_destroy(struct state *state);

/* Replace the hooks set by state_create() (open_hooks); before the first request. */
void state_hook_clients(struct state *state, const struct state_client_hooks *hooks);

/* Before the first request.  Initially there is no hook. */
void state_hook_gone(struct state *state, const struct state_gone_hook *hook);

/* The same. */
void state_hook_back(struct state *state, const struct state_back_hooks *hooks);

/* Check whether the server was stalled (stall.h).  To be called when clients can first connect, and
 * before each state_tick(), by the same timer, once a second. */
void state_beat(struct state *state, int64_t now_ns);

/* Handles leases, the budget for replies, and the grace period.  From a timer, about once a second;
 * `now_ns` is clock_now_ns().  Thread safe; may wait for the disk: no lock may be held. */
void state_tick(struct state *state, int64_t now_ns);
