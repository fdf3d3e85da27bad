/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The asynchronous copies of all clients.  Those that wait for a turn stand in a queue for each
 * client, and the clients take turns; one file system has only some of the threads.  Those that
 * have ended stay until their client knows, or is gone.
 *
 * Thread safe.  The lock is a leaf, and is not held while anything is copied, told or freed.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/counter.h"
#include "base/limits.h"
#include "base/list.h"
#include "proto/copies/copy.h"
#include "proto/copies/copy_counters.h"

/* The copies of one client.  Exists as long as there is one that is not gone. */
struct copy_owner {
    struct list link; /* of copy_queue.owners */
    const struct client *client;
    struct list waiting; /* of copy.owner_link */
    uint32_t count;      /* copies in any phase */
};

struct copy_queue {
    pthread_mutex_t lock;  /* guards the rest, and what copy.h says */
    pthread_cond_t posted; /* a copy waits, or the end has come */
    pthread_cond_t turned; /* a turn is over, or a thread has ended */
    struct list owners;    /* the next one to have a turn is the first */
    struct list ended;     /* of copy.ended_link, oldest first */
    uint32_t live;         /* that wait or run */
    uint32_t ended_count;
    uint32_t threads;
    uint32_t cancel_s, stop_s; /* that turns have to end; tests make them shorter */
    struct copy *running[LIMIT_COPY_THREADS];
    bool stop;
    uint64_t begun; /* the number of the last copy */
    struct copy_history history;
    struct counter_set *counters; /* COPY_COUNTERS */
};

void copy_queue_init(struct copy_queue *queue);
/* No thread uses it any more.  Puts all copies. */
void copy_queue_fini(struct copy_queue *queue);

/* Put the copy into the queue, which takes over the reference.  False, and the reference is the
 * caller's still: at LIMIT_COPIES or LIMIT_COPIES_PER_CLIENT, and at the end of the server. */
bool copy_queue_add(struct copy_queue *queue, struct copy *copy) MUST_USE;

/* Wait for a copy whose turn it is; NULL: the server ends. */
struct copy *copy_queue_take(struct copy_queue *queue);

/* The turn of a copy that was taken is over, and there is more to do, from `resume_ns` on.  False:
 * it must end instead. */
bool copy_queue_return(struct copy_queue *queue, struct copy *copy, int64_t resume_ns) MUST_USE;

/* The same, and it has ended, after copy_settle().  True: its client has to be told, with
 * copy_queue_told() to follow; the caller has a reference for that.  False: it is gone. */
bool copy_queue_end(struct copy_queue *queue, struct copy *copy, enum nfsstat4 status) MUST_USE;

enum copy_answer {
    COPY_KNOWN,    /* the client knows that it has ended: it is gone */
    COPY_UNKNOWN,  /* it does not, and is to be told again later */
    COPY_DISOWNED, /* it knows no such copy: perhaps it has not got the reply to its COPY yet; it is
                    * told again some times */
};
void copy_queue_told(struct copy_queue *queue, struct copy *copy, enum copy_answer answer);

/* The next copy of which the client is to be told again, with a reference, as if copy_queue_end()
 * had returned true; NULL: none.  Drops those whose client is gone; if they wait for a turn, some
 * thread does, also while all threads of their file system hang. */
struct copy *copy_queue_due(struct copy_queue *queue, int64_t now_ns);

/* Stop it, and wait until no turn of it runs: NFS4_OK, and its client will hear nothing more.
 * BAD_STATEID: it is gone already.  DELAY: its turn takes long; it will end then.  Without
 * locks. */
enum nfsstat4 copy_queue_cancel(struct copy_queue *queue, struct copy *copy);

/* End it with NFS4ERR_IO, of which its client is told.  False: it has ended, or must do so already.
 * *ended: it is ended now, as if copy_queue_end() had returned true, and is to be settled; else its
 * turn comes to its end first.  Does not wait. */
bool copy_queue_abort(struct copy_queue *queue, struct copy *copy, bool *ended) MUST_USE;

/* Whether it has ended, and how. */
bool copy_queue_status(struct copy_queue *queue, const struct copy *copy, enum nfsstat4 *status);

/* No more turns; wait a moment for those that run.  False: a file system does not answer. */
bool copy_queue_stop(struct copy_queue *queue) MUST_USE;
