/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that keep a server busy with one COMPOUND, as many times at once as their session has
 * slots, and a neighbour that looks how long a GETATTR takes meanwhile.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "protocol/script.h"

struct hostile {
    struct client_mount mount;
    struct client_compound *compounds; /* one a slot */
    uint32_t *xids;                    /* under which they are out */
    uint32_t count;
    pthread_t thread;
    _Atomic bool stop;
    _Atomic unsigned long replies;
};

/* A client of its own that sends what `fill` appends behind SEQUENCE, until hostile_stop(). */
void hostile_start(struct hostile *hostile, uint32_t slots,
                   void (*fill)(struct client_compound *c, const struct client_fh *fh),
                   const struct client_fh *fh);
void hostile_stop(struct hostile *hostile);

struct latencies {
    double p50_ms, p99_ms, max_ms;
    double server_ms; /* of processor time that the server used meanwhile, at the 99th percentile */
};

/* `count` GETATTRs of `fh`, each `pause_us` after the reply to the one before.  What the server did
 * while one waited says the same on a machine that is busy with other things. */
struct latencies neighbour_measure(struct client_mount *mount, const struct client_fh *fh,
                                   unsigned count, unsigned pause_us);
