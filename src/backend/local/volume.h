/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File systems of this machine, and their files in use, by ID.  A directory may be exported twice,
 * be inside another exported directory, or be reached through two mounts.  What belongs to the file
 * rather than to one export is kept in its node here: state/'s record, the change attribute, the
 * turns at a directory's names.
 *
 * A file system is identified by its device number, which all of its mounts have in common (on
 * btrfs, all mounts of one subvolume).  Process-wide: exports of one file system share one volume.
 * Thread safe.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "backend/local/map.h"
#include "backend/local/names.h"
#include "backend/local/version.h"
#include "backend/local/witness.h"
#include "base/htable.h"
#include "base/list.h"
#include "vfs/vfs.h"

/* Holders of a reference: the local_objects of the file, and callers of local_node_lookup(). */
struct local_node {
    struct vfs_node base;
    struct hnode by_id; /* this and refs are guarded by the shard's lock */
    uint32_t refs;
    _Atomic uint64_t change; /* last reported value << 1 | changed since */
    /* Of a directory: serializes our changes of each of its entries, so that each operation finds
     * the entry that it created or is about to remove. */
    struct local_names names;
    _Atomic uint32_t opens; /* by clients, through all exports */
    /* An O_PATH descriptor, or -1; set under the shard's lock.  The file lost its last name through
     * one export while it was open through another, which may have no descriptor of it. */
    _Atomic int kept_fd;
    struct local_id id;
};

enum {
    LOCAL_VOLUME_SHARDS = 64
};

struct local_kept;

struct local_volume_shard {
    pthread_mutex_t lock; /* a leaf */
    struct htable nodes;
};

struct local_volume {
    struct vfs_volume base;
    struct list link; /* this and refs are guarded by the lock of all volumes */
    uint32_t refs;
    uint32_t dev_major, dev_minor;
    uint64_t hash_seed;
    _Atomic uint32_t kept; /* number of nodes with a kept_fd */
    struct local_versions versions;
    struct local_witness witness;
    struct local_kept *_Atomic kept_files; /* NULL: no export has kept anything yet (keep.h) */
    struct local_volume_shard shards[LOCAL_VOLUME_SHARDS];
};

/* The volume of a device. */
struct local_volume *local_volume_get(uint32_t dev_major, uint32_t dev_minor);
/* The export holds no nodes any more.  NULL is allowed. */
void local_volume_put(struct local_volume *volume);

/* The node of a file, with a reference.  If there is none, local_node_get() creates one (NULL
 * without memory), and local_node_lookup() returns NULL. */
struct local_node *local_node_get(struct local_volume *volume, const struct local_id *id);
struct local_node *local_node_lookup(struct local_volume *volume, const struct local_id *id);
/* NULL is allowed. */
void local_node_put(struct local_volume *volume, struct local_node *node);

/* Is there any holder besides the caller, which has one reference? */
bool local_node_shared(struct local_volume *volume, const struct local_node *node);
/* The file has lost its last name: keep `fd`, O_PATH, while clients have the file open.  Takes over
 * the descriptor. */
void local_node_keep(struct local_volume *volume, struct local_node *node, int fd);
/* A duplicate of the kept descriptor, or -1: there is none, or no descriptor is available. */
int local_node_kept(struct local_volume *volume, struct local_node *node);
/* Add or subtract `n` opens. */
void local_node_opened(struct local_node *node, uint32_t n);
void local_node_closed(struct local_volume *volume, struct local_node *node, uint32_t n);
