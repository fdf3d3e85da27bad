/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that keep a server busy with one COMPOUND, sent in every slot of their session at
 * once, and a neighbour that measures the time of a GETATTR meanwhile.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "protocol/script.h"

struct hostile {
    struct client_mount mount;
    struct client_compound *compounds; /* one for each slot */
    uint32_t *xids;                    /* xids of the outstanding COMPOUNDs */
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
    double server_ms; /* processor time that the server used meanwhile, at the 99th percentile */
};

/* `count` GETATTRs of `fh`, each `pause_us` after the reply to the one before. The server's
 * processor time during a GETATTR is a measure that does not depend on other load of the
 * machine. */
struct latencies neighbour_measure(struct client_mount *mount, const struct client_fh *fh,
                                   unsigned count, unsigned pause_us);
