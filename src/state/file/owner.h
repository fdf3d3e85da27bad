/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The open owners and lock owners of a client (RFC 8881 §9.1), with separate name spaces, and the
 * table of all that they hold.  An unused owner is kept for a while, since the next OPEN is likely
 * to name it again.
 *
 * Owners of 4.0 also have a sequence of requests (v40/owner_seqid.h).  Open owners that hold
 * nothing are kept longer because of it, as RFC 7530 §16.18.5 requires.  Lock owners are not kept
 * (§9.1.10), so a client may begin again with any seqid.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/htable.h"
#include "base/list.h"
#include "state/client/client.h"
#include "wire/xdr.h"

struct vfs;

enum {
    OWNER_EXPORT_SLOTS = 16 /* a power of two */
};

enum owner_kind {
    OWNER_OPEN,
    OWNER_LOCK,
};

struct client_info;
struct delegation_notifier;
struct owner_seqid; /* v40/owner_seqid.h */

/* Users: each open; each lock state; each waiter for a lock; each request that names it. */
struct owner {
    struct client *client; /* alive as long as the owner is in use */
    enum owner_kind kind;
    struct hnode node;
    uint32_t uses;             /* this and idle_link are guarded by owner_table.lock */
    struct list idle_link;     /* of owner_table.idle while uses is 0 */
    struct owner_seqid *seqid; /* of 4.0, else NULL; set by the first request, before its state */
    struct list lock_states;   /* of a lock owner of 4.0: those in effect, by owner_link */
    int64_t named_ns;          /* when a request of 4.0 last named it */
    uint32_t len;
    uint8_t name[];
};

struct owner_table {
    struct client *client;
    uint64_t seed;        /* of the hash, because clients choose the names */
    pthread_mutex_t lock; /* guards the fields up to the next gap; only stateid.c's locks are below
                           * it */
    struct htable owners;
    uint32_t count[2]; /* by kind */
    struct list idle;  /* oldest first */
    uint32_t idle_count;
    bool closed;                                   /* the client is dead: no new opens */
    void (*seqid_free)(struct owner_seqid *seqid); /* set with the first owner.seqid */
    /* Set with `notifier`. */
    void (*notifier_free)(struct delegation_notifier *notifier);
    struct htable opens;   /* struct open by_owner */
    struct htable openers; /* struct open by_opener: an open of each principal of a 4.0 client */
    struct list open_list;
    uint32_t open_count;
    struct htable delegations; /* struct delegation by_object */
    struct list delegation_list;
    struct list revoked;          /* struct stateid.revoked_link, a reference each; newest last */
    struct list reported;         /* the same, of 4.0: its client was told of these; newest last */
    uint32_t revoked_opens;       /* opens in both lists */
    uint32_t revoked_delegations; /* delegations in both lists */
    uint64_t losses;              /* opens and delegations ever revoked */
    uint64_t announced;           /* the client may know of the losses up to here: stateid.loss */
    uint64_t excused;             /* losses up to here are excused: revocation_settle_announced() */

    /* delegation_notifier.h; set once, under the lock. */
    _Atomic(struct delegation_notifier *) notifier;

    _Atomic uint32_t open_total;       /* open_count, readable without the lock */
    _Atomic uint32_t delegation_total; /* number of delegations, readable without the lock */
    _Atomic uint32_t directory_total;  /* how many of them are of directories */
    /* Of these, those with a lease of the backend, by a hash of the export. */
    _Atomic uint32_t leased_directories[OWNER_EXPORT_SLOTS];
    _Atomic uint32_t lock_state_count;
    _Atomic uint32_t lock_count;   /* byte-range locks */
    _Atomic uint32_t waiter_count; /* lock_wait.h */
};

/* The count for this export, and perhaps others. */
static inline _Atomic uint32_t *owner_leased_directories(struct owner_table *table,
                                                         const struct vfs *fs)
{
    return &table->leased_directories[hash_u64((uint64_t)(uintptr_t)fs) % OWNER_EXPORT_SLOTS];
}

/* Create the table of a new client.  False without memory. */
bool owner_table_create(struct client *client) MUST_USE;

/* Exists as long as the client. */
static inline struct owner_table *owner_table_of(struct client *client)
{
    return client->owners;
}

/* NULL is allowed.  Nothing may be in use. */
void owner_table_destroy(struct owner_table *table);

/* Describe its opens and locks. */
void owner_table_describe(const struct owner_table *table, struct client_info *info);

/* Use the owner with this name; created if it is unknown.  NULL at the limit, and without
 * memory. */
struct owner *owner_get_or_create_locked(struct owner_table *table, enum owner_kind kind,
                                         const struct wire_opaque *name);
struct owner *owner_get_or_create(struct owner_table *table, enum owner_kind kind,
                                  const struct wire_opaque *name);

/* Would owner_get_or_create_locked() find or create it? */
bool owner_has_room_locked(const struct owner_table *table, enum owner_kind kind,
                           const struct wire_opaque *name);

/* The same as owner_get_or_create_locked(), but not limited: for requests that have checked for
 * room and changed something since.  NULL without memory. */
struct owner *owner_get_or_create_admitted_locked(struct owner_table *table, enum owner_kind kind,
                                                  const struct wire_opaque *name);

/* Use a known owner; NULL if it is unknown. */
struct owner *owner_lookup(struct owner_table *table, enum owner_kind kind,
                           const struct wire_opaque *name);

/* Use an owner of this table.  NULL is allowed. */
struct owner *owner_get_locked(struct owner_table *table, struct owner *owner);

/* One more use, for a caller that has one. */
struct owner *owner_get(struct owner *owner);

/* End a use. */
void owner_put_locked(struct owner_table *table, struct owner *owner);
void owner_put(struct owner *owner);

/* Free idle owners, oldest first, that no request of 4.0 has named since then. */
void owner_expire_locked(struct owner_table *table, int64_t since_ns);

/* Free all idle owners. */
void owner_sweep_locked(struct owner_table *table);
