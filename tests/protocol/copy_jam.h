/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of a client that hang in the file system of /local, as if its disk did not answer: they
 * have all threads that one file system may have, so that other copies wait in the middle.
 *
 *     watch = disk_watch_install(...);                 before the server starts
 *     stateid = copy_jam_begin(&jam, watch, &holder, &copying);
 *     ... the copy waits ...
 *     copy_jam_break(&jam);
 *     ... it goes on ...
 *     copy_jam_end(&jam);
 */
#pragma once

#include "base/limits.h"
#include "lib/disk_watch.h"
#include "offloading.h"

struct copy_jam {
    struct disk_watch *watch;
    struct holder holder; /* whose copies hang */
    struct client_file from, to[LIMIT_COPY_THREADS_PER_VOLUME];
    struct stateid4 stateids[LIMIT_COPY_THREADS_PER_VOLUME];
};

/* From now on each copy to /local hangs when it copies data. */
void copy_jam_hold(struct disk_watch *watch);

/* Wait until as many of them hang. */
void copy_jam_await(const struct disk_watch *watch, uint32_t count);

/* `holder` begins that copy of more than two pieces to a file of /local that has this name; when
 * this returns, it waits for its turn after some pieces, and others hang.  Returns its stateid. */
struct stateid4 copy_jam_begin(struct copy_jam *jam, struct disk_watch *watch,
                               struct holder *holder, const struct copying *copying,
                               const char *name);

/* Nothing hangs any more. */
void copy_jam_break(struct copy_jam *jam);

/* The other copies have all their bytes, and end. */
void copy_jam_end(struct copy_jam *jam);
