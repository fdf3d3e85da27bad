/* SPDX-License-Identifier: Apache-2.0 */
/* What users are shown of a copy: a snapshot, also of one that is gone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "wire/nfs4_types.h"

struct copy;

enum copy_state {
    COPY_STATE_WAITING,   /* for its turn */
    COPY_STATE_RUNNING,   /* has its turn */
    COPY_STATE_ENDED,     /* its client has not acknowledged that */
    COPY_STATE_OVER,      /* it ended, and the server has forgotten it */
    COPY_STATE_CANCELLED, /* by its client, or it ended with it */
};

/* A filehandle. */
struct copy_file {
    uint32_t len;
    uint8_t bytes[LIMIT_FH_BYTES];
};

struct copy_view {
    uint64_t number; /* copies are numbered from 1 on, in the order in which they began */
    uint8_t other[NFS4_OTHER_SIZE]; /* of its stateid */
    uint64_t clientid;
    struct copy_file from, to;
    uint64_t done, length;      /* bytes */
    int64_t begun_ns, ended_ns; /* clock_now_ns(); ended_ns: 0 while it is not over */
    enum copy_state state;
    enum nfsstat4 status; /* with which it has ended */
};

/* With copy_queue.lock held. */
void copy_view_fill(struct copy_view *view, const struct copy *copy);

/* The last copies that are gone, for a while. */
struct copy_history {
    struct copy_view of[LIMIT_COPY_HISTORY];
    uint64_t count; /* of all that were ever added */
};

/* The copy goes, in `state`. */
void copy_history_add(struct copy_history *history, const struct copy *copy, enum copy_state state);
