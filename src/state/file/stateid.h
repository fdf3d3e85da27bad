/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stateids (RFC 8881 §8.2): from the twelve bytes `other` to the open or lock state they stand for.
 *
 * `other` is four bytes that tell this life of the server from others (its epoch), three of a
 * slot's index and five of a tag, which is a generation enciphered with a random key: a stateid
 * cannot be guessed, and no value comes twice.  Slots are never given back to the system, so
 * finding one takes no lock: take a reference unless there is none, then compare.  The holder of a
 * reference may use the state behind it.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/list.h"
#include "wire/nfs4_types.h"

struct client;
struct stateid_slot;
struct stateid_table;

enum stateid_kind {
    STATEID_OPEN,
    STATEID_LOCK,
    STATEID_DELEGATION,
    STATEID_COPY, /* of a copy that runs (RFC 7862 §4.8): found by stateid_lookup_copy() alone */
};

/* Embedded in what a stateid stands for. */
struct stateid {
    struct stateid_table *table;
    struct stateid_slot *slot; /* counts the references */
    uint8_t other[12];
    enum stateid_kind kind;
    _Atomic uint32_t seqid;   /* changed under the file's lock */
    _Atomic uint32_t revoked; /* 0, or why the state is gone: stateid_revoked() */
    struct client *client;
    struct stateid *head; /* of a lock: its open's, from before stateid_insert() on */
    void (*release)(struct stateid *sid); /* the last reference is gone */

    /* Under the lock of its client's owner_table: revocation.h. */
    struct list revoked_link; /* on .revoked or .reported */
    uint64_t loss;            /* the number that its revocation has; of a lock: its open's counts */
    int64_t reported_ns;      /* when its client was told of that; 0: not yet; the same */
};

/* `boot_id` differs from life to life of the server: the epoch is made of it. */
struct stateid_table *stateid_table_create(uint64_t boot_id);
void stateid_table_destroy(struct stateid_table *table);

/* Give `sid` a fresh value with seqid 1 and one reference, the caller's.  `spread` is any number
 * that differs between threads' work (a hash of the file).  False when the table is full: there are
 * LIMIT_STATEID_CHUNKS * 64 * 4096 of all clients, and the operation is NFS4ERR_DELAY. */
bool stateid_insert(struct stateid_table *table, struct stateid *sid, enum stateid_kind kind,
                    struct client *client, uint64_t spread,
                    void (*release)(struct stateid *sid)) MUST_USE;

/* The state of this client that `in` names, with a reference, or NULL: unknown, gone or another
 * client's.  Does not look at the seqid.  Takes no lock. */
struct stateid *stateid_lookup(struct stateid_table *table, const struct stateid4 *in,
                               const struct client *client);

/* The same, of any client: for 4.0, where stateids tell the client (RFC 7530 §9.5). */
struct stateid *stateid_lookup_any(struct stateid_table *table, const struct stateid4 *in);

/* The same for that of a copy, which no other operation may find: it stands for no open or lock.
 * `client` NULL: of any client. */
struct stateid *stateid_lookup_copy(struct stateid_table *table, const struct stateid4 *in,
                                    const struct client *client);

/* Could `in`, which is not special, be of this life of the server?  False: it is of another, or was
 * never given out (RFC 7530 §9.1.4.4). */
bool stateid_epoch_ours(const struct stateid_table *table, const struct stateid4 *in);

/* Did the state that `in` named end because its client was removed?  Known until its place in the
 * table is given to another. */
bool stateid_client_removed(const struct stateid_table *table, const struct stateid4 *in);

/* Walk over the states of one kind, of one client or of all: the next one at place *at or behind
 * it, with a reference; *at is then the place behind it.  NULL: there are no more.  Places begin at
 * 0, and stay what they are, so that a walk may pause: a state that exists from its beginning to
 * its end is met exactly once, any other at most once.  Takes no lock.  What is met may not be
 * complete yet (an OPEN is running), or be revoked. */
struct stateid_filter {
    enum stateid_kind kind;
    uint64_t clientid; /* 0: of all clients */
    bool later;        /* the walk ends no state: as with stateid_put_later() */
};
struct stateid *stateid_next(struct stateid_table *table, const struct stateid_filter *filter,
                             uint32_t *at);

/* Another reference for a caller that has one. */
void stateid_get(struct stateid *sid);
void stateid_put(struct stateid *sid);

/* The same for a caller that must not wait for files to be closed: a last reference is kept until
 * stateid_settle(), which puts it.  Any thread; settling may call backends: without locks. */
void stateid_put_later(struct stateid *sid);
bool stateid_unsettled(struct stateid_table *table);
void stateid_settle(struct stateid_table *table);

/* From now on it is not found; the references stay.  Of a client that is dead:
 * stateid_client_removed(). */
void stateid_kill(struct stateid *sid);

/* RFC 8881 §8.2.2: 0 is always right, lower than current OLD_STATEID, higher BAD_STATEID; near the
 * wrap a low number follows a high one. */
enum nfsstat4 stateid_check_seqid(const struct stateid *sid, uint32_t seqid);

/* The next seqid, after NFS4_UINT32_MAX 1.  With the file's lock held. */
void stateid_bump(struct stateid *sid);

/* Why the state behind it was taken away (NFS4ERR_EXPIRED, NFS4ERR_ADMIN_REVOKED,
 * NFS4ERR_DELEG_REVOKED), or NFS4_OK.  A revoked stateid is found as before, until its client has
 * acknowledged that with FREE_STATEID (RFC 8881 §18.38); no other operation may use it.
 *
 * A request has made its slot busy before it looks here, and a revocation looks at the slots after
 * that, all of it seq_cst: one of the two sees the other (courtesy_end()). */
static inline enum nfsstat4 stateid_revoked(const struct stateid *sid)
{
    return (enum nfsstat4)atomic_load_explicit(&sid->revoked, memory_order_seq_cst);
}

/* The stateid with which this one is revoked: its open's for a lock, else itself. */
static inline struct stateid *stateid_head(struct stateid *sid)
{
    return sid->kind == STATEID_LOCK ? sid->head : sid;
}

/* As it goes on the wire. */
void stateid_value(const struct stateid *sid, struct stateid4 *out);

/* RFC 8881 §8.2.3 */
enum stateid_special {
    STATEID_ORDINARY,
    STATEID_ANONYMOUS,
    STATEID_READ_BYPASS,
    STATEID_CURRENT,
    STATEID_INVALID, /* reserved, or no combination that means anything */
};
enum stateid_special stateid_special(const struct stateid4 *in);

/* The invalid stateid that CLOSE returns (RFC 8881 §18.2.4). */
void stateid_invalid_value(struct stateid4 *out);
