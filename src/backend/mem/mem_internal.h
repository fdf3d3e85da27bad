/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of backend/mem share: the file system, its objects, the entries of directories.
 * Each file has a header of its own for what it does, and calls only files of this list that stand
 * before it: space, radix, acl, object, attr, file, dir, remove, attrdir, release; setattr, create,
 * rename, readdir; mem.
 *
 * Locks, in the order they are taken:
 *   1. mem_fs.rename_lock: one rename at a time, so parent pointers stand still for it
 *   2. mem_object.lock of directories: a parent before its child; two that are not parent and
 *      child only under rename_lock (the ancestor first, else by address)
 *   3. mem_object.lock of anything else; two only under rename_lock
 *   4. mem_object.lock of an attribute directory, below its object's
 *   5. mem_object.lock of a named attribute; two only under rename_lock
 *   6. mem_shard.lock
 * No lock but rename_lock is held where an object may lose its last reference, and none at all
 * while the caller's emit runs.
 */
#pragma once

#include <pthread.h>

#include "backend/mem/mem.h"
#include "backend/mem/radix.h"
#include "backend/mem/space.h"
#include "base/htable.h"
#include "vfs/vfs_guard.h"

enum {
    MEM_BLOCK_BYTES = 4096,
    MEM_SHARDS = 256,
    MEM_LINK_MAX_DEFAULT = 1000000,
    MEM_COOKIE_FIRST = 3,
};

/* Every object that lives, by file id. */
struct mem_shard {
    pthread_mutex_t lock;
    struct htable objects;
} __attribute__((aligned(64)));

enum {
    MEM_ROOT_FILEID = 1 /* the first object made */
};

struct mem_fs {
    struct vfs vfs;
    struct vfs_volume volume;
    uint32_t instance; /* in each handle; another life of the server has another */
    uint32_t link_max;
    uint64_t name_seed;     /* of the directories' hash tables */
    uint8_t handle_key[16]; /* of the tag in each handle */
    struct mem_object *root;
    struct space space;
    _Atomic uint64_t fileid_last;
    pthread_mutex_t rename_lock;
    struct mem_shard shards[MEM_SHARDS];
};

struct mem_dir {
    /* No reference: a parent with a child lives.  NULL: root, removed.  Of an attribute directory,
     * its object, which takes itself out before it is freed. */
    struct mem_object *parent;
    struct htable names;  /* mem_entry by name; no buckets until the first entry */
    struct radix order;   /* the same by cookie */
    uint64_t cookie_next; /* never goes back */
};

struct mem_file {
    struct radix blocks; /* malloc()ed, MEM_BLOCK_BYTES each, zero behind the end of the file */
    uint64_t verifier;   /* both set before the file can be found, then constant */
    bool exclusive;
    uint64_t attrdir_fileid; /* of a named attribute: where it is, for good; else 0; constant */
};

/* References are held by: each entry that names it; the file system, on its root; an object, on its
 * attribute directory; and whoever the vfs calls gave one.  With the last one it leaves its shard
 * and is freed. */
struct mem_object {
    struct vfs_object vfs;
    struct hnode by_fileid;
    pthread_rwlock_t lock;      /* all below, except as said */
    struct vfs_attr attr;       /* all of it; nlink 0 once removed; space_used exact */
    bool atime_due;             /* changed since it was last read */
    struct vfs_acl *acl;        /* NULL: none yet, the mode says it all */
    struct mem_object *attrdir; /* NULL: none yet; never changes then */
    union {
        struct mem_dir dir;
        struct mem_file file;
        char *target; /* of a symlink; constant */
    };
};

/* One name.  Held by its directory and by readdirs that pass.  It holds its object. */
struct mem_entry {
    struct hnode by_name;
    uint64_t cookie; /* set when it enters the directory */
    struct mem_object *obj;
    _Atomic uint32_t refs;
    uint16_t len;
    char name[];
};

static inline struct mem_fs *mem_fs_of(const struct vfs *fs)
{
    return CONTAINER_OF(fs, struct mem_fs, vfs);
}

static inline struct mem_object *mem_of(const struct vfs_object *obj)
{
    return CONTAINER_OF(obj, struct mem_object, vfs);
}

static inline struct mem_fs *mem_fs_of_object(const struct mem_object *obj)
{
    return mem_fs_of(obj->vfs.fs);
}

static inline void mem_lock_read(struct mem_object *obj)
{
    CHECK(pthread_rwlock_rdlock(&obj->lock) == 0);
}

static inline void mem_lock_write(struct mem_object *obj)
{
    CHECK(pthread_rwlock_wrlock(&obj->lock) == 0);
}

static inline void mem_unlock(struct mem_object *obj)
{
    CHECK(pthread_rwlock_unlock(&obj->lock) == 0);
}

/* Locked. */
static inline struct vfs_guard mem_guard(const struct mem_object *obj)
{
    return (struct vfs_guard){.attr = &obj->attr, .acl = obj->acl};
}
