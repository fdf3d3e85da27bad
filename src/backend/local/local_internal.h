/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of backend/local share: the export and its objects.  Each file declares its
 * functions in a header of its own, and calls only files that precede it in this list:
 * - facts and rules: status, statx, known, acl, identify, handle, cred, change, memo, grant,
 *   access, names, tell, sync, ancestry
 * - what outlives an object: version, fan_event, raise, witness, kept, volume, map
 * - what of it answers requests: keep
 * - objects and their descriptors: descriptor, object, path, cache, orphan
 * - finding objects: note, search, resolve
 * - using objects: dir_watch, lease_break, lease_watch, io, file, run, read, read_plus, extent,
 *   space, clone, copy, lease
 * - operations, and the whole export: lookup, readdir, full_path, create, ..., xattr, call, local
 *
 * Lock order: turns at file.names (of two directories by address) -> shard.lock -> object.lock
 * (below a shard's by trylock only) or the map's two (map.h).  No lock is held while emit() runs.
 */
#pragma once

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "backend/local/local.h"
#include "backend/local/map.h"
#include "backend/local/volume.h"
#include "base/htable.h"
#include "base/list.h"

enum {
    LOCAL_SHARDS = 64
};

/* First byte of a handle: the kind of ID between it and the MAC.  One kind per file system. */
enum local_id_kind {
    LOCAL_ID_HANDLE = 1, /* name_to_handle_at: type, bytes */
    LOCAL_ID_FID = 2,    /* the same with AT_HANDLE_FID: unique, but cannot be opened */
    LOCAL_ID_INO = 3,    /* inode number and birth time, if the kernel has neither of these */
};

/* When do reads set the time of access?  As the export was mounted when it came up. */
enum local_atime {
    LOCAL_ATIME_NEVER,
    LOCAL_ATIME_RELATIVE,
    LOCAL_ATIME_ALWAYS,
};

struct local_lease;
struct local_dir_watch;
struct local_ancestry;
struct local_known;
struct local_grants;

#define LOCAL_OVERFLOW_UID 65534u /* the usual local_fs.overflow_uid */
#define LOCAL_NOBODY UINT32_MAX   /* as a user: not valid, and not known */

struct local_shard {
    pthread_mutex_t lock;
    struct htable table;
    struct list lru;  /* objects with descriptors, least recently used first */
    struct list bare; /* objects without descriptors, in the same order */
    struct list io;   /* objects that may hold I/O descriptors */
};

/* What a sync covers; ascending cost. */
enum local_reach {
    LOCAL_REACH_DATA, /* fdatasync */
    LOCAL_REACH_FILE, /* fsync */
    LOCAL_REACH_FS,   /* syncfs */
};

/* Concurrent requests to sync one file, directory or file system share a sync. */
struct local_sync {
    pthread_mutex_t lock;
    struct list waiting;    /* for the next round */
    enum local_reach reach; /* the widest that one of them needs */
    bool running;
};

/* How changes of names and attributes are made durable (persist.c). */
enum local_persisting {
    LOCAL_PERSIST_EACH,     /* fsync of each object, concurrently */
    LOCAL_PERSIST_TOGETHER, /* one sync at a time, for all that wait */
    LOCAL_PERSIST_NOTHING,  /* not possible */
};

struct local_fs {
    struct vfs base;
    int root_fd; /* opened for reading, as open_by_handle_at() requires */
    int proc_fd; /* /proc/self/fd */
    int mount_id;
    int64_t magic; /* of the file system; 0: unknown */
    uint32_t dev_major, dev_minor;
    enum local_id_kind id_kind;
    struct local_id root_id;
    uint64_t file_size_max;
    bool by_handle;
    bool impersonate;
    bool coarse_ctime;      /* ctime advances only with the clock tick */
    bool ctime_tells;       /* of each change of an inode's mode, owner and attributes */
    struct vfs_cred server; /* identity of the server's own work */
    /* Shown as the owner where the real one has no number here; the administrator's choice. */
    uint32_t overflow_uid;
    uint8_t mac_key[16];
    uint64_t hash_seed;
    _Atomic bool no_nowait; /* preadv2(RWF_NOWAIT) is not supported here */
    struct local_map *map;  /* NULL if by_handle */
    struct local_volume *volume;
    struct local_object *root;
    enum local_persisting persisting;
    bool fetches;           /* attributes, even of known objects, come from a network or FUSE */
    bool names_vague;       /* two names may be one entry, as if case did not count */
    struct local_sync sync; /* of the whole file system */
    struct local_ancestry *ancestry;
    struct local_known *known; /* NULL: none (known.h) */
    bool may_keep;             /* attributes (keep.h) */
    bool delays; /* the file system finds space for data later than they are written */
    enum local_atime atime;
    _Atomic uint32_t keeping; /* since base.sole_changer had this value */
    _Atomic uint32_t
        untold;     /* with this value, nothing can be kept: nobody would tell of changes */
    bool witnesses; /* it has joined the volume's witness; the lock of keep.c */

    uint32_t descriptors_max, objects_max;
    _Atomic uint32_t descriptors; /* held by objects */
    _Atomic uint32_t objects;     /* that exist, in the cache or not */
    _Atomic uint32_t leases;      /* granted (lease.h) */
    /* Objects that ever left unwatched, and how many of them had at the time of the last syncfs
     * (sync.c). */
    _Atomic uint32_t unwatched, reviewed;
    _Atomic uint32_t orphans;     /* open files without a name; they keep their descriptors */
    _Atomic uint32_t epoch;       /* seconds, roughly */
    _Atomic uint32_t next_victim; /* the shard to shrink next */
    struct local_shard shards[LOCAL_SHARDS];

    bool watched;            /* local_watch_start() */
    bool dirs_watched;       /* directories can be (dir_watch.h) */
    struct list dir_watches; /* this and the count are guarded by the lock of dir_watch.c */
    uint32_t dir_watch_count;
    pthread_t sweeper;
    int stop_fd; /* readable: the sweeper ends */
};

/* Holders of a reference: those of struct vfs_object; the table of its shard while `hashed`. */
struct local_object {
    struct vfs_object base;
    struct hnode node;       /* shard.lock */
    struct list lru, io;     /* shard.lock; lru: in one of two lists */
    bool hashed, bare;       /* shard.lock; bare: it is on that list */
    uint32_t seen;           /* shard.lock; epoch in which the sweeper last checked its names */
    _Atomic uint32_t epoch;  /* of the last lookup */
    _Atomic bool unlinked;   /* has no name; lives until its last close() */
    _Atomic uint32_t maker;  /* owner of a file that we made, until its first open() */
    _Atomic uint32_t inside; /* of a directory: epoch as of which it is known to be in the export */
    struct local_node *file; /* a reference */
    _Atomic uint64_t noted;  /* for the map: hash of the place where it was last met; even: none */
    struct local_dir_watch *dir_watch; /* of a leased directory; the lock of dir_watch.c */

    struct local_grants *_Atomic grants; /* grant.c; NULL: none yet */

    /* path.c: read by calls that are counted in path_users; written under the lock when there are
     * none.  May be the same descriptor as fds[O_RDWR]. */
    _Atomic uint32_t path_users;
    int path_fd;

    pthread_mutex_t lock;      /* guards the rest */
    int fds[3];                /* by O_RDONLY, O_WRONLY, O_RDWR; -1: none */
    uint32_t pins[2];          /* open()s for reading, for writing; these need no descriptor */
    struct local_lease *lease; /* NULL: none; a lease keeps its descriptor open */
    /* Does it have fewer blocks than bytes?  And data without a hole in between, as found when it
     * had that many blocks (run.h). */
    _Atomic bool sparse;
    _Atomic uint64_t run_begin, run_end, run_blocks;
    _Atomic uint32_t users;    /* running I/O; incremented under the lock only */
    _Atomic uint32_t io_epoch; /* last I/O */
    _Atomic bool unsynced;     /* written, and not synced since */
    _Atomic bool unwatched;    /* its descriptor was closed before a sync */
    uint32_t met_unwatched;    /* local_fs.unwatched when the object was created */
    int64_t dir_pos;           /* position of fds[O_RDONLY] of a directory; -1: unknown */
    struct local_sync sync;
};

static inline struct local_fs *local_fs_of(const struct vfs_object *obj)
{
    return CONTAINER_OF(obj->fs, struct local_fs, base);
}

static inline struct local_object *local_of(struct vfs_object *obj)
{
    return CONTAINER_OF(obj, struct local_object, base);
}
