/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that takes write delegations and returns each as soon as it is recalled: the answer to
 * CB_RECALL and DELEGRETURN leave together.  In a thread of its own, in turns with another one.
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
    uint32_t seen;  /* callbacks looked at */
    uint32_t found; /* behind the file that was recalled last */
    uint32_t returned;
    struct histogram took; /* from CB_RECALL's arrival to DELEGRETURN, which is to be sent */

    pthread_barrier_t *turn; /* shared by all */
    bool over;               /* set by the other thread at its turn */
    bool broken;
};

/* The file that a holder has under a number in a round. */
enum {
    RECALL_NAME_BYTES = 64
};
void recall_name(char *name, uint32_t holder, uint64_t round, uint32_t file);

/* options, number, dir, file_count are set.  False: said on stderr. */
bool recall_holder_open(struct recall_holder *holder);

/* The thread.  At each turn it takes delegations, at the next one it waits for recalls, at the
 * third one it has returned all of them. */
bool recall_holder_start(struct recall_holder *holder);

/* Take all. */
bool recall_holder_take(struct recall_holder *holder);

/* When the thread has ended, or never was. */
void recall_holder_close(struct recall_holder *holder);
