/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of changes that are not in the map's database yet: two files, one of which is written to
 * while the other is moved into the database and emptied.  Records have checksums.  A bad record at
 * the end marks where a killed process stopped; a bad record before valid ones is damage, which is
 * skipped and logged.
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
    bool broken; /* a write failed; logged once */
};

/* Open or create the two files, and lock them against other processes.  False and errno. */
bool map_log_open(struct map_log *log, int dir_fd, const char *name);
void map_log_close(struct map_log *log);

/* Pass each record of both files to `take`, in order, until that returns false; returns the last
 * result.  `name` is the map's, for log lines. */
bool map_log_replay(struct map_log *log, const char *name,
                    bool (*take)(void *arg, const struct map_change *change), void *arg) MUST_USE;

/* Append to the active file. */
void map_log_append(struct map_log *log, const struct map_change *change);

/* Switch to the other file, which must be empty. */
void map_log_swap(struct map_log *log);

/* Empty the inactive file, or both. */
bool map_log_clear_old(struct map_log *log);
bool map_log_clear_all(struct map_log *log);
