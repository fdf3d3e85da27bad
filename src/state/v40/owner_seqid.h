/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sequence of requests of a 4.0 owner (RFC 7530 §9.1.3 to §9.1.11): one at a time, with
 * consecutive numbers, and the result of the last one cached for retransmissions.
 *
 *     owner_seqid_get() or a stateid -> owner_seqid_begin() -> OWNER_RUN: the operation runs;
 *                                                             owner_seqid_end() caches its result
 *                                                          -> OWNER_REPLAY: returns the result
 *
 * An open owner is unconfirmed until OPEN_CONFIRM: it has at most one open, which only OPEN_CONFIRM
 * may use; another OPEN replaces it; and it is removed when its time is up.  A lock owner's
 * sequence begins with its first lock state and ends with its last.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "state/open/open.h"

enum {
    OWNER_REPLY_SMALL = 112 /* enough for most results, such as OPEN's with a filehandle */
};

/* A request: an operation with a seqid, and a digest of its arguments and sender. */
struct owner_request {
    enum nfs_opnum4 op;
    uint32_t seqid;
    uint64_t digest;
    int64_t now_ns; /* when it arrived */
};

/* Its result.  The body is that of the result, without operation and status. */
struct owner_result {
    enum nfsstat4 status;
    const uint8_t *body;
    uint32_t body_len;
    const uint8_t *fh; /* OPEN: the resulting current filehandle */
    uint32_t fh_len;
    struct stateid4 stateid; /* OPEN with NFS4_OK: the stateid returned */
    bool reclaim;            /* an OPEN that needs no OPEN_CONFIRM */
};

/* A copy of the first result: body and resulting filehandle. */
struct owner_replay {
    enum nfsstat4 status;
    uint32_t body_len, fh_len;
    uint8_t bytes[LIMIT_OWNER_REPLY_BYTES];
};

/* The thread that has set `busy` (under owner_table.lock) owns the fields after it until it resets
 * `busy`.  Otherwise the lock guards them. */
struct owner_seqid {
    struct owner *owner;
    bool busy;
    uint32_t waiters;
    pthread_cond_t turn; /* signalled when busy is reset */

    _Atomic bool confirmed; /* never reset; may be read without the lock */
    bool begun;             /* `last` and the rest are valid */
    uint32_t last;
    enum nfs_opnum4 op;
    uint64_t digest;
    enum nfsstat4 status;
    uint32_t body_len, fh_len, size;
    uint8_t *large; /* `size` bytes for results larger than `small`, or NULL */
    uint8_t small[OWNER_REPLY_SMALL];

    /* open_pending.h */
    bool is_pending;
    struct stateid4 pending;
    struct list pending_link; /* this and the next are guarded by owner_tables.pending_lock */
    int64_t pending_ns;

    /* owner_closed.h */
    struct hnode by_closed;
    struct stateid4 closed;
    bool is_closed;
};

enum owner_verdict {
    OWNER_RUN,       /* the caller runs the operation and then calls owner_seqid_end() */
    OWNER_REPLAY,    /* a retransmission; *replay is set */
    OWNER_BAD_SEQID, /* neither the next nor the last seqid */
    OWNER_CROWDED,   /* LIMIT_OWNER_WAITERS or LIMIT_OWNERS_WAITERS requests wait already */
};

/* A use of the owner with this name, created if it is unknown.  NULL at a limit. */
struct owner *owner_seqid_get(struct client *client, enum owner_kind kind,
                              const struct wire_opaque *name);

/* May this request run?  The caller has a use of the owner, which with OWNER_RUN passes to
 * owner_seqid_end().  Waits for a running request of the owner: without locks. */
enum owner_verdict owner_seqid_begin(struct owner *owner, const struct owner_request *request,
                                     struct owner_replay *replay) MUST_USE;

/* The request that owner_seqid_begin() admitted is done.  A CLOSE must have called
 * owner_closed_set().  Errors exempted by RFC 7530 §9.1.7 do not advance the sequence. */
void owner_seqid_end(struct owner *owner, const struct owner_request *request,
                     const struct owner_result *result);

/* The same without a result: the sequence does not advance, so the same request may begin again.
 * Also for a caller that has set `busy` in another way.  Drops a use, too. */
void owner_seqid_release(struct owner_seqid *seqid);

/* Does a client advance its seqid after this status? */
bool owner_seqid_advances(enum nfsstat4 status);
