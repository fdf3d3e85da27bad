/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of clients and sessions share: removal in two steps.  Under client_table.lock a
 * record is unhashed and marked dead, and its sessions too; after the lock is given back the
 * sessions' connections, and the opens and locks of all that were unhashed, are dropped (which may
 * call backends).
 */
#pragma once

#include "state/client/client.h"

struct client_owner {
    struct hnode by_owner; /* in client_table.by_owner: kind and string */
    enum client_kind kind;
    struct client *confirmed, *unconfirmed;
    uint32_t len;
    uint8_t string[];
};

struct client_info;

/* What common code calls for a record of 4.0, which may be left out of the build. */
struct client_v40_hooks {
    void (*free)(struct client_v40 *v40);
    /* With client_table.lock. */
    void (*describe)(const struct client_v40 *v40, struct client_info *info);
};

/* What a new record is made of. */
struct client_new {
    enum client_kind kind;
    struct wire_opaque id; /* the owner string */
    const uint8_t *verifier;
    const struct client_principal *principal;
    const struct client_source *source; /* NULL: not known */
    int64_t now_ns;
};

/* A new record for the owner string, unconfirmed, in all tables.  Whatever unconfirmed record stood
 * there must be unhashed before, and room made.  NULL without memory. */
struct client *client_record_add_locked(struct state *state, const struct client_new *what);

/* The owner string's records, or NULL. */
struct client_owner *client_owner_find_locked(struct state *state, enum client_kind kind,
                                              const struct wire_opaque *id);

/* A live record of either kind, or of one, or NULL; no reference. */
struct client *client_find_locked(struct state *state, uint64_t clientid);
struct client *client_find_kind_locked(struct state *state, uint64_t clientid,
                                       enum client_kind kind);

bool client_principal_equal(const struct client_principal *a, const struct client_principal *b);

/* Sessions, opens or locks? */
bool client_busy_locked(struct client *client);

/* Into the queue that it belongs to, confirmed or not; out of all of them. */
void client_queue_locked(struct client *client);
void client_unqueue_locked(struct client *client);

/* client_lapsed() */
bool client_lapsed_locked(struct client *client, int64_t now_ns);

/* Unhash the client that is expired the longest and has no request in progress, but not `spare`
 * (who may be NULL).  False: there is none. */
bool client_evict_locked(struct state *state, const struct client *spare, int64_t now_ns,
                         struct list *doomed);

/* Make room for one more record from this address.  False: all clients are alive. */
bool client_make_room_locked(struct state *state, const struct client_address *address,
                             int64_t now_ns, struct list *doomed);

/* Take a record out of all tables, kill its sessions and put it on `doomed`. */
void client_unhash_locked(struct client *client, struct list *doomed);

/* The unconfirmed record of an owner string replaces the confirmed one. */
void client_confirm_locked(struct client *client, struct list *doomed);

/* The last reference is gone. */
void client_free(struct client *client);

/* Second step, without the lock. */
void client_bury(struct state *state, struct list *doomed);
