/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that acquires write delegations and returns each as soon as it is recalled: the reply to
 * CB_RECALL and the DELEGRETURN are sent together.  It runs in a thread of its own, in turns with
 * the main thread.
 */
#pragma once

#include <pthread.h>

#include "bench/load/histogram.h"
#include "bench/load/pipe.h"

struct held {
    struct client_fh fh;
    struct stateid4 stateid;
};

struct recall_holder {
    pthread_t thread;
    const struct bench_options *options;
    uint32_t number;
    const struct client_fh *dir;
    uint64_t round;
    struct pipe pipe;
    struct client_callbacks *callbacks;
    uint32_t file_count;
    struct held *files;
    uint32_t seen;  /* callbacks handled */
    uint32_t found; /* index after the file that was recalled last */
    uint32_t returned;
    struct histogram took; /* from CB_RECALL's arrival to queueing DELEGRETURN */

    pthread_barrier_t *turn; /* shared by all threads */
    bool over;               /* set by the main thread on its turn */
    bool broken;
};

/* The name of a holder's file in a round. */
enum {
    RECALL_NAME_BYTES = 64
};
void recall_name(char *name, uint32_t holder, uint64_t round, uint32_t file);

/* options, number, dir and file_count must be set.  False after an error message. */
bool recall_holder_open(struct recall_holder *holder);

/* Start the thread.  In each round it acquires delegations on the first turn, waits for recalls on
 * the second, and has returned all delegations by the third. */
bool recall_holder_start(struct recall_holder *holder);

/* Acquire all delegations. */
bool recall_holder_take(struct recall_holder *holder);

/* To be called after the thread has ended, or if it was never started. */
void recall_holder_close(struct recall_holder *holder);
