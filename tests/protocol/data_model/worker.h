/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of minor version 2, on a thread, that changes and checks its places of the model's files
 * at random.  cmocka's asserts work on the main thread only: a worker that finds a difference
 * reports it, and all end.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "data_model/model.h"

/* What a worker can do. */
enum worker_deed {
    WORKER_WRITE,
    WORKER_READ,
    WORKER_READ_PLUS,
    WORKER_READ_ALL, /* READ_PLUS of a range that is changed by others, too */
    WORKER_SEEK,
    WORKER_ALLOCATE,
    WORKER_DEALLOCATE,
    WORKER_CLONE,
    WORKER_COPY,
    WORKER_TRUNCATE,
    WORKER_DEEDS,
};

struct worker {
    uint32_t number;
    struct random random;
    struct client_mount mount;
    struct client_file files[MODEL_FILES];
    uint32_t turns;              /* to do */
    unsigned without;            /* deeds that the file system has not: bits */
    uint64_t done[WORKER_DEEDS]; /* how often each succeeded */
    uint64_t hole_bytes;         /* told by READ_PLUS */
    pthread_t thread;
    _Atomic bool *failed; /* of all workers */
};

const char *worker_deed_name(enum worker_deed deed);

/* The bit of a deed of that name; 0: there is none. */
unsigned worker_deed_bit(const char *name);

/* Do so many turns, on a thread of its own, and wait for them. */
void worker_start(struct worker *worker, uint32_t turns);
void worker_join(struct worker *worker);
