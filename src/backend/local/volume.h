/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File systems of this machine, and the files of them that are in use, by id: one directory may be
 * exported twice, lie in another that is exported, or be reached by two mounts.  What belongs to
 * the file and not to an export's view of it hangs on its node here: state/'s record, the change
 * attribute, the lock of a directory's names.
 *
 * A file system is known by its device number, which all mounts of it have in common (on btrfs, of
 * one subvolume of it).  Process-wide: exports of one file system share one volume.  Thread safe.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "backend/local/map.h"
#include "base/htable.h"
#include "base/list.h"
#include "vfs/vfs.h"

/* Holders of a reference: the local_objects of the file, and who got it from local_node_find(). */
struct local_node {
    struct vfs_node base;
    struct hnode by_id; /* this and refs under the shard's lock */
    uint32_t refs;
    _Atomic uint64_t change; /* last reported << 1 | changed since */
    /* Of a directory: our own changes of its entries come one after the other (the kernel has it
     * no other way), so that each finds what it made or is about to remove. */
    pthread_mutex_t names;
    _Atomic uint32_t names_waiters; /* threads that wait for it */
    _Atomic uint32_t opens;         /* by clients, through whatever export */
    /* O_PATH, set under the shard's lock: the file lost its last name through one export while it
     * was open through another one, which may have no descriptor of it.  -1: none. */
    _Atomic int kept_fd;
    struct local_id id;
};

enum {
    LOCAL_VOLUME_SHARDS = 64
};

struct local_volume_shard {
    pthread_mutex_t lock; /* a leaf */
    struct htable nodes;
};

struct local_volume {
    struct vfs_volume base;
    struct list link; /* this and refs under the lock of all volumes */
    uint32_t refs;
    uint32_t dev_major, dev_minor;
    uint64_t hash_seed;
    _Atomic uint32_t kept; /* nodes with a kept_fd */
    struct local_volume_shard shards[LOCAL_VOLUME_SHARDS];
};

/* The volume of a device, for an export. */
struct local_volume *local_volume_get(uint32_t dev_major, uint32_t dev_minor);
/* No node of that export is held any more.  NULL is fine. */
void local_volume_put(struct local_volume *volume);

/* The node of a file, with a reference.  If there is none it is made, or NULL without memory; or it
 * is NULL then. */
struct local_node *local_node_get(struct local_volume *volume, const struct local_id *id);
struct local_node *local_node_find(struct local_volume *volume, const struct local_id *id);
/* NULL is fine. */
void local_node_put(struct local_volume *volume, struct local_node *node);

/* Does anybody hold it besides the caller, who has one reference? */
bool local_node_shared(struct local_volume *volume, const struct local_node *node);
/* The file has lost its last name: keep `fd`, O_PATH, as long as clients have the file open.  Takes
 * the descriptor over. */
void local_node_keep(struct local_volume *volume, struct local_node *node, int fd);
/* A copy of the descriptor that is kept; -1: there is none, or no descriptor is to be had. */
int local_node_kept(struct local_volume *volume, struct local_node *node);
/* `n` opens more, or less. */
void local_node_opened(struct local_node *node, uint32_t n);
void local_node_closed(struct local_volume *volume, struct local_node *node, uint32_t n);
