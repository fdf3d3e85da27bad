/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open owners and lock owners of a client (RFC 8881 §9.1), each kind with names of its own, and the
 * table of everything that they hold.  An owner whose last use is gone is kept for a while, since
 * the next OPEN is likely to name it again.
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

enum owner_kind {
    OWNER_OPEN,
    OWNER_LOCK,
};

/* Users: each open; each lock holder (one owner in one file); each waiter for a lock. */
struct owner {
    struct client *client; /* alive as long as the owner is in use */
    enum owner_kind kind;
    struct hnode node;
    uint32_t uses;         /* this and idle_link under owner_table.lock */
    struct list idle_link; /* on owner_table.idle when uses is 0 */
    uint32_t len;
    uint8_t name[];
};

struct owner_table {
    struct client *client;
    uint64_t seed;        /* clients choose the names */
    pthread_mutex_t lock; /* guards what follows to the next gap; only stateid.c's are below it */
    struct htable owners;
    uint32_t count[2]; /* by kind */
    struct list idle;  /* oldest first */
    uint32_t idle_count;
    bool closed;         /* the client is dead: no new opens */
    struct htable opens; /* struct open by_owner */
    struct list open_list;
    uint32_t open_count;
    struct list revoked;    /* struct stateid by revoked_link, a reference each */
    uint32_t revoked_opens; /* those of them that were opens */

    _Atomic uint32_t open_total; /* open_count, for who has no lock */
    _Atomic uint32_t lock_state_count;
    _Atomic uint32_t lock_count;   /* byte ranges */
    _Atomic uint32_t waiter_count; /* lock_wait.h */
};

/* The table of a client, made when first asked for. */
struct owner_table *owner_table_of(struct client *client);

/* NULL is fine.  Nothing may be in use. */
void owner_table_destroy(struct owner_table *table);

/* A use of the owner with this name, who is made if unknown; NULL at the limit. */
struct owner *owner_use_locked(struct owner_table *table, enum owner_kind kind,
                               const struct wire_opaque *name);
struct owner *owner_use(struct owner_table *table, enum owner_kind kind,
                        const struct wire_opaque *name);

/* Would owner_use_locked() find or make him? */
bool owner_has_room_locked(const struct owner_table *table, enum owner_kind kind,
                           const struct wire_opaque *name);

/* A use of a known owner, or NULL. */
struct owner *owner_find(struct owner_table *table, enum owner_kind kind,
                         const struct wire_opaque *name);

/* One more use for who has one. */
struct owner *owner_use_more(struct owner *owner);

/* Give a use back. */
void owner_drop_locked(struct owner_table *table, struct owner *owner);
void owner_drop(struct owner *owner);

/* Forget all idle owners. */
void owner_sweep_locked(struct owner_table *table);
