/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sequence of requests of an owner of 4.0 (RFC 7530 §9.1.3 to §9.1.11): one at a time, each
 * with the next number, and the last one's result kept for its retransmission.
 *
 *     owner_seqid_use() or a stateid -> owner_seqid_begin() -> OWNER_RUN: the operation runs;
 *                                                             owner_seqid_end() keeps its result
 *                                                          -> OWNER_REPLAY: the result is there
 *
 * An open owner is unconfirmed until OPEN_CONFIRM: then it has one open at the most, nothing but
 * OPEN_CONFIRM may use that, any other OPEN takes its place, and it goes when its time is over.  A
 * lock owner's sequence begins with its first lock state and ends with its last.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "state/open/open.h"

enum {
    OWNER_REPLY_SMALL = 112 /* bytes that most results fit into: OPEN's, with a filehandle */
};

/* What came: an operation with a seqid, and a digest that tells its arguments and its sender from
 * others. */
struct owner_request {
    enum nfs_opnum4 op;
    uint32_t seqid;
    uint64_t digest;
    int64_t now_ns; /* when it came */
};

/* What it came to.  The body is that of the result, without operation and status. */
struct owner_result {
    enum nfsstat4 status;
    const uint8_t *body;
    uint32_t body_len;
    const uint8_t *fh; /* OPEN: the filehandle that is current behind it */
    uint32_t fh_len;
    struct stateid4 stateid; /* NFS4_OK of OPEN: what it returned */
    bool reclaim;            /* OPEN that needs no OPEN_CONFIRM */
};

/* A copy of what it came to the first time: the body, and the filehandle behind it. */
struct owner_replay {
    enum nfsstat4 status;
    uint32_t body_len, fh_len;
    uint8_t bytes[LIMIT_OWNER_REPLY_BYTES];
};

/* The thread that has set `busy` (under owner_table.lock) owns the members below it until it resets
 * that; while it is not set, the lock guards them. */
struct owner_seqid {
    struct owner *owner;
    bool busy;
    uint32_t waiters;
    pthread_cond_t turn; /* busy was reset */

    _Atomic bool confirmed; /* once set never reset; also read without */
    bool begun;             /* `last` and the rest hold something */
    uint32_t last;
    enum nfs_opnum4 op;
    uint64_t digest;
    enum nfsstat4 status;
    uint32_t body_len, fh_len, size;
    uint8_t *large; /* `size` bytes for what does not fit into `small`, or NULL */
    uint8_t small[OWNER_REPLY_SMALL];

    /* open_pending.h */
    bool is_pending;
    struct stateid4 pending;
    struct list pending_link; /* this and the next under owner_tables.pending_lock */
    int64_t pending_ns;

    /* owner_closed.h */
    struct hnode by_closed;
    struct stateid4 closed;
    bool is_closed;
};

enum owner_verdict {
    OWNER_RUN,       /* the caller runs it and then calls owner_seqid_end() */
    OWNER_REPLAY,    /* a retransmission; *replay is filled */
    OWNER_BAD_SEQID, /* neither the next nor the last request */
    OWNER_CROWDED,   /* more wait than LIMIT_OWNER_WAITERS, or LIMIT_OWNERS_WAITERS of all */
};

/* A use of the owner with this name, made if unknown; NULL at a limit. */
struct owner *owner_seqid_use(struct client *client, enum owner_kind kind,
                              const struct wire_opaque *name);

/* Is it this request's turn?  The caller has a use of the owner, and with OWNER_RUN it passes to
 * owner_seqid_end().  Waits for a request of the owner that runs: with no lock held. */
enum owner_verdict owner_seqid_begin(struct owner *owner, const struct owner_request *request,
                                     struct owner_replay *replay) MUST_USE;

/* The request that owner_seqid_begin() let run is done.  A CLOSE has said owner_closed_set().
 * Errors that RFC 7530 §9.1.7 exempts leave the sequence as it was. */
void owner_seqid_end(struct owner *owner, const struct owner_request *request,
                     const struct owner_result *result);

/* The same without a result: the sequence stays as it was, so that the same request may begin once
 * more.  Also for a caller that has set `busy` otherwise.  Gives back a use, too. */
void owner_seqid_release(struct owner_seqid *seqid);

/* Does a client count on after this status? */
bool owner_seqid_advances(enum nfsstat4 status);
