/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log in front of the map's database: two files, one written to while the other is moved into
 * the database and emptied.  Records are checksummed.  A bad one at the end is where a killed
 * writer stopped; one before others is damage, which is skipped and told of.
 */
#pragma once

#include "backend/local/map.h"
#include "base/check.h"

enum map_op {
    MAP_ADD = 1,
    MAP_DEL = 2,
};

/* One change of the map.  Later changes have higher numbers. */
struct map_change {
    enum map_op op;
    uint64_t seq;
    struct local_id id;
    struct local_place place;
};

struct map_log {
    int fd[2];
    unsigned active;
    bool broken; /* a write failed; said once */
};

/* Open or make the two files and lock them against other processes; false and errno. */
bool map_log_open(struct map_log *log, int dir_fd, const char *name);
void map_log_close(struct map_log *log);

/* Give every record of both files to `take`, in order, until it returns false, which is returned.
 * `name` is that of the map, for the log. */
bool map_log_replay(struct map_log *log, const char *name,
                    bool (*take)(void *arg, const struct map_change *change), void *arg) MUST_USE;

/* Append to the active file. */
void map_log_append(struct map_log *log, const struct map_change *change);

/* Write to the other file from now on, which is empty. */
void map_log_swap(struct map_log *log);

/* Empty the file that is not active, or both. */
bool map_log_clear_old(struct map_log *log);
bool map_log_clear_all(struct map_log *log);
