/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of 4.1 on a thread that keeps directories by delegations, asks again for what it loses,
 * and at any quiet point compares what it keeps with READDIR.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "client/client_dir_holder.h"
#include "exactly_once/random.h"

enum {
    WATCHER_DIRS = 20,
    WATCHER_LOSSES = CLIENT_DIR_LIMIT + 1
};

/* What happened so far; to be read at a quiet point. */
struct watcher_figures {
    uint32_t fills, refusals, sessions, cuts, reconnects;
    uint32_t losses[WATCHER_LOSSES]; /* by enum client_dir_loss */
    uint32_t compared, kept;         /* directories that were held; that had been all the time */
    uint64_t told, repeated, unknown;
    uint32_t own_changes, doubts;
};

struct watcher {
    /* Set before the start. */
    uint32_t number;
    const char *target;
    const struct client_fh *fhs; /* the directories */
    uint32_t dir_count;
    uint64_t seed;
    bool writes; /* it changes the directories, too */

    _Atomic bool quiet;   /* it makes no changes of its own now */
    _Atomic bool cutting; /* cut connections at random */
    _Atomic bool frozen;  /* do nothing, and answer nothing */
    _Atomic bool stop;
    _Atomic uint32_t to_compare, compared; /* quiet points */
    _Atomic uint32_t turns;
    _Atomic bool differs;         /* at a quiet point, for longer than patience lasts */
    _Atomic bool told_of_entries; /* the server granted that */
    struct watcher_figures figures;

    pthread_t thread;
    struct random random;
    struct client_mount mount;
    struct client_callbacks *callbacks;
    struct client_dir_holder holder;
    struct client_dir dirs[WATCHER_DIRS];
    bool valid[WATCHER_DIRS];
    bool fresh[WATCHER_DIRS]; /* read since the last quiet point */
};

void watcher_start(struct watcher *w);

/* Wait until it has made its last change. */
void watcher_silence(struct watcher *w);

/* At a quiet point: false if a directory it keeps does not become what READDIR says.  Those that it
 * has no delegation of are not compared. */
bool watcher_compare(struct watcher *w);

/* End the thread and its client.  Violations by the server are in w->callbacks, until
 * watcher_free(). */
void watcher_stop(struct watcher *w);
void watcher_free(struct watcher *w);
