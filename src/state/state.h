/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the folders of state/ have in common: the tables of clients and sessions, limits, and the
 * hooks by which a folder calls one above it (ARCHITECTURE.md draws their order).  Made once by
 * daemon/, reached by the operation handlers through struct server.  Knows nothing of connections
 * but their address.
 *
 * Locks, in the order they are taken: client_table.lock, session_shard.lock; and apart from these,
 * session_conn.lock, session.lock.  Those of opens and locks are in file.h, and none of them is
 * held together with one of these; recovery.lock is a leaf.  None is held over a call into a
 * backend.
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
struct delegation_tables;
struct lock_conflict_hooks;
struct lock_notices;
struct open_tables;
struct recovery;
struct session;
struct state;

/* The numbers are in stable storage. */
enum client_kind {
    CLIENT_V40 = 0,
    CLIENT_V41 = 1, /* and later minor versions */
};

/* What opens and locks plug in, so that they go when their client goes. */
struct state_client_hooks {
    /* Drop all opens, locks and owners of a client that is dead already: no new ones come.
     * Called without a lock of state/ held; may call backends. */
    void (*release)(struct state *state, struct client *client);
    /* Does the client hold opens or locks, leaving out what was revoked?  Called with
     * client_table.lock held or without. */
    bool (*has_state)(struct state *state, struct client *client);
};

/* What calls clients back plugs in, so that its way to one goes with it. */
struct state_gone_hook {
    /* A client is dead and in no table any more.  Called without a lock of state/ held; may not
     * wait. */
    void (*gone)(struct client *client, void *context);
    void *context;
};

/* What calls clients over the connections of their sessions plugs in (session_back.h).  All run
 * without a lock of state/ held, and may not wait. */
struct state_back_hooks {
    /* A connection was bound to the back channel; the reply that says so has not gone out. */
    void (*bound)(struct session *session, void *context);
    /* The session is dead, and has no connections any more. */
    void (*ended)(struct session *session, void *context);
    /* Its last reference is gone: free what hangs on it. */
    void (*freed)(void *backchannel);
    void *context;
};

/* What asks clients to leave slots plugs in (slot_recall.h). */
struct slot_recall_hook {
    /* Send it, without waiting.  slot_recall_done() follows, once, and may come before this is
     * back; the hook takes a reference for that.  False: there is no way to the client. */
    bool (*ask)(struct session *session, uint32_t target_highest, void *context);
    void *context;
};

struct state_config {
    uint32_t lease_s;            /* 0: 90 */
    uint64_t boot_id;            /* different in every life of the server; 0: from random */
    const char *server_owner;    /* so_major_id and scope: the same as long as it is one server */
    uint32_t sessions_max;       /* 0: LIMIT_SESSIONS */
    uint32_t clients_max;        /* 0: LIMIT_CLIENTS */
    uint32_t slots_initial;      /* of a new session; 0: LIMIT_SLOTS_DEFAULT */
    uint64_t reply_budget_bytes; /* 0: LIMIT_REPLY_BUDGET_BYTES */
    /* Passed over to the state; NULL: nothing outlives the server. */
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
    pthread_mutex_t lock; /* guards all below, and what client.h says */
    struct htable by_id;
    struct htable by_owner;
    struct htable by_address; /* client_address.h */
    struct list confirmed;    /* by client.check_ns */
    struct list unconfirmed;  /* oldest first */
    struct list courtesy;     /* confirmed ones whose lease is over; the longest expired first */
    struct list to_shed;      /* those of them that may have sessions; the same order */
    uint32_t count, unconfirmed_count, courtesy_count;
    uint64_t owner_seed; /* random: clients choose their owner strings */
};

struct state {
    /* What every request reads stands first, away from what changes. */
    uint32_t lease_s;
    int64_t lease_ns;
    int64_t margin_ns; /* client_lease_over() */
    uint64_t boot_id;
    char *server_owner;
    uint32_t slots_initial;
    struct counter_set *counters; /* session_stats.h */
    uint64_t digest_seed;         /* random: for slot_request.digest */
    struct state_client_hooks hooks;
    struct state_gone_hook gone_hook;
    struct state_back_hooks back_hooks;
    struct slot_recall_hook slot_hook;
    /* What folders call of those above them; set by state_create(). */
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
    _Atomic int64_t reply_bytes; /* memory that kept replies take */
    struct reply_budget reply_budget;
    _Atomic bool shortage; /* state_shortage() */
    struct stall stall;
    struct state_limits limits;
};

/* Never fails; ends the process without memory or randomness. */
struct state *state_create(const struct state_config *config);

/* Drop every client and free all.  No call runs and no connection is left. */
void state_destroy(struct state *state);

/* Replace the hooks that state_create() has set (open_hooks); before the first request. */
void state_hook_clients(struct state *state, const struct state_client_hooks *hooks);

/* Before the first request; there is none at first. */
void state_hook_gone(struct state *state, const struct state_gone_hook *hook);

/* The same. */
void state_hook_back(struct state *state, const struct state_back_hooks *hooks);

/* When clients can come, and before each state_tick() by the same timer, which runs once a second:
 * find out whether the server stood still (stall.h). */
void state_beat(struct state *state, int64_t now_ns);

/* Leases, the budget for replies, the grace period.  From a timer, about once a second; `now_ns` is
 * clock_now_ns().  Thread safe; may wait for the disk: no lock may be held. */
void state_tick(struct state *state, int64_t now_ns);
