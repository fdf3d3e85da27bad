/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of 4.1 on a thread that changes directories at random: creates in all ways, links,
 * removes, renames within and across, changes modes.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "client/client_mount.h"
#include "exactly_once/random.h"

struct writer {
    uint32_t number;
    const char *target;
    const struct client_fh *fhs;
    uint32_t dir_count;
    uint64_t seed;
    _Atomic uint32_t *left; /* of the changes that all of them are to make */

    pthread_t thread;
    struct random random;
    struct client_mount mount;
    uint32_t delays, failures, lives;
};

/* One of the names that all of them use. */
void writer_name(struct random *random, char name[16]);

void writer_start(struct writer *w);
void writer_join(struct writer *w);
