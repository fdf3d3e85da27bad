/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps what backends tell of changes in watched directories (vfs/vfs_change.h), in that order. */
#pragma once

#include <pthread.h>

#include "vfs/vfs.h"

enum {
    CHANGE_LOG_MAX = 32768,
    CHANGE_LOG_NAME_BYTES = 16, /* names are shorter */
};

struct told_entry {
    char name[CHANGE_LOG_NAME_BYTES]; /* "": no such entry */
    uint64_t cookie;
    uint64_t fileid; /* 0: the object is not known */
};

struct told {
    const struct vfs_node *dir;
    enum vfs_change_kind kind;
    const void *actor;
    uint64_t after;
    struct told_entry entry, old, replaced, previous;
};

struct change_log {
    struct vfs_change_hook hook;
    pthread_mutex_t lock;
    uint32_t count;
    struct told *all;
};

/* Log from now on; one log at a time. */
struct change_log *change_log_create(void);
/* No directory is watched any more. */
void change_log_destroy(struct change_log *log);
