/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One asynchronous copy (RFC 7862 §4.8).  It is done in turns, each a bounded piece: a turn does
 * what a READ and a WRITE of the client with the two stateids would do at that moment.  So shares,
 * delegations, revocation, CLOSE and the end of the client need no rules of their own.
 *
 *     waits --turn begins--> runs --turn over--> waits ... runs --> ended --told--> gone
 *       |                      |
 *       +----- cancelled ------+--> gone
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/list.h"
#include "proto/compound.h"
#include "proto/copies/copy_view.h"
#include "state/file/stateid.h"
#include "state/session/session_call.h"

struct copy_owner;
struct copy_queue;

/* What the client has asked for.  The stateids are those of its request, resolved.  One of a
 * delegation gives way to that of an open when the delegation has been returned. */
struct copy_plan {
    struct stateid4 from_stateid, to_stateid;
    bool from_delegated, to_delegated; /* they are of delegations */
    uint64_t from_offset, to_offset, length;
    uint8_t verifier[NFS4_VERIFIER_SIZE];
};

enum copy_phase {
    COPY_WAITS, /* for its turn */
    COPY_RUNS,
    COPY_ENDED, /* the client does not know it yet */
    COPY_GONE,
};

/* Holders of a reference (of its stateid): the queue until it is gone; requests that look at it;
 * the callback that tells its end. */
struct copy {
    struct stateid stateid; /* has a reference on its client */
    struct server *server;
    struct copy_queue *queue;
    struct copy_plan plan;          /* its stateids: of its thread */
    struct vfs_cred reader, writer; /* as the two exports take the caller */
    uint64_t mach_allow;
    struct copy_file from_fh, to_fh;
    struct session_call call; /* the COPY; the client must have its reply before CB_OFFLOAD */
    int64_t begun_ns;
    const struct vfs_volume *from_volume, *to_volume; /* to be compared */

    /* Of its thread: until it has ended.  The exports are valid as long as the name space has not
     * changed since. */
    struct compound_fh from, to; /* references on the objects */
    uint32_t exports_generation;

    _Atomic uint64_t done; /* bytes; written by its thread */

    /* Guarded by copy_queue.lock. */
    enum copy_phase phase;
    bool cancelled;
    bool aborted;     /* cancelled by an administrator: its client has to be told */
    uint64_t number;  /* in the order in which copies began */
    int64_t ended_ns; /* 0: it goes on */
    struct copy_owner *owner;
    struct list owner_link; /* of copy_owner.waiting */
    struct list ended_link; /* of copy_queue.ended */
    int64_t resume_ns;      /* no turn before */
    enum nfsstat4 status;   /* with which it has ended */
    bool telling;           /* a callback is under way */
    int64_t tell_ns;        /* when the next one is due */
    uint32_t tell_wait_s;

    uint32_t gids[]; /* of reader and writer */
};

/* A copy for `queue`, of the request's saved filehandle to its current one, as its caller, with one
 * reference.  NULL: no memory, or too many stateids. */
struct copy *copy_create(const struct compound *c, struct copy_queue *queue,
                         const struct vfs_cred *reader, const struct copy_plan *plan) MUST_USE;

enum copy_turn {
    COPY_TURN_MORE,  /* there is more to do */
    COPY_TURN_LATER, /* the same; it must wait for something */
    COPY_TURN_OVER,  /* it has ended, with *status */
};

/* By its thread, without locks.  An end with NFS4_OK before all is copied means that the client has
 * to ask again: the source has become shorter, or the exports have changed. */
enum copy_turn copy_take_turn(struct copy *copy, enum nfsstat4 *status);

/* It has ended: put what it used.  Without locks. */
void copy_settle(struct copy *copy);

static inline uint64_t copy_done(const struct copy *copy)
{
    return atomic_load_explicit(&copy->done, memory_order_acquire);
}

static inline struct copy *copy_of_stateid(struct stateid *sid)
{
    return CONTAINER_OF(sid, struct copy, stateid);
}
