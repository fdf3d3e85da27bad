/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of backend/mem share: the file system, its objects, and the entries of
 * directories.  Each file declares its functions in a header of its own, and calls only files that
 * precede it in this list: space, radix, acl, label, fileid, object, tell, attr, xattr, block,
 *   lend, file, pair, dir, remove, attrdir, release; setattr, create, rename, readdir, path; copy,
 *   reserve, read_plus, clone; mem.
 *
 * Locks, in the order in which they are taken:
 *
 *   1. mem_fs.rename_lock: one rename at a time, so that it can rely on parent pointers
 *   2. mem_object.lock of directories: a parent before its child; two that are not parent and
 *      child only under rename_lock (the ancestor first, else by address)
 *   3. mem_object.lock of any other object; two in the order of their addresses
 *   4. mem_object.lock of an attribute directory, after its object's
 *   5. mem_object.lock of a named attribute; two in the order of their addresses
 *   6. mem_shard.lock, space.lock
 *
 * Where an object may lose its last reference, no lock but rename_lock is held; while the caller's
 * emit runs, none at all.
 */
#pragma once

#include <pthread.h>

#include "backend/mem/mem.h"
#include "backend/mem/radix.h"
#include "backend/mem/space.h"
#include "base/counter.h"
#include "base/htable.h"
#include "base/list.h"
#include "vfs/vfs_guard.h"

enum {
    MEM_BLOCK_BYTES = 4096,
    MEM_SHARDS = 256,
    MEM_LANES = 64, /* so many threads do not share one */
    MEM_SUBDIR_MAX = 1000000,
    MEM_COOKIE_FIRST = 3,
};

/* The existing objects, by file ID. */
struct mem_shard {
    pthread_mutex_t lock;
    struct htable objects;
} __attribute__((aligned(64)));

enum {
    MEM_ROOT_FILEID = 1 /* the first object */
};

/* What a thread writes for each object that it makes or frees. */
struct mem_lane {
    _Atomic uint64_t fileid_next; /* fileid.c */
    _Atomic uint32_t releasing;   /* objects without a reference that are not freed yet */
} __attribute__((aligned(64)));

/* What each request reads comes first, apart from what changes. */
struct mem_fs {
    struct vfs vfs;
    struct vfs_volume volume;
    uint32_t instance; /* part of each handle; differs in each run of the server */
    uint32_t link_max, subdir_max;
    uint64_t name_seed;     /* for the hash of names in directories */
    uint8_t handle_key[16]; /* for the tag in each handle */
    struct mem_object *root;
    _Atomic bool cloned; /* files may share blocks */
    struct space space;
    struct mem_lane lanes[MEM_LANES];
    _Atomic uint64_t fileids_given; /* to lanes */
    pthread_mutex_t rename_lock;
    struct mem_shard shards[MEM_SHARDS];
};

struct mem_dir {
    /* Not a reference: a parent with a child exists.  NULL: the root, or removed.  For an attribute
     * directory: its object, which clears this before it is freed. */
    struct mem_object *parent;
    struct htable names;  /* mem_entry by name; no buckets until the first entry */
    struct radix order;   /* the same entries by cookie */
    uint64_t cookie_next; /* never decreases */
};

struct mem_file {
    struct radix blocks; /* block.h */
    uint64_t verifier;   /* set before the file can be found, like `exclusive`; constant */
    bool exclusive;
    uint64_t attrdir_fileid; /* of a named attribute: its directory's file ID; else 0; constant */
    uint32_t reservations;   /* how many calls of mem_allocate() have succeeded */
};

/* The extended attributes of an object. */
struct mem_xattrs {
    struct htable names;  /* mem_xattr by name */
    struct radix order;   /* the same by cookie */
    uint64_t cookie_next; /* never decreases */
};

/* Holders of a reference: each entry that names it; the file system, on its root; an object, on its
 * attribute directory; and callers of vfs functions that return one.  With the last reference the
 * object leaves its shard and is freed.
 *
 * Behind it in memory is an entry, for its first name: mem_entry_beside(). */
struct mem_object {
    struct vfs_object vfs;
    struct hnode by_fileid;
    pthread_rwlock_t lock;    /* guards the rest, except where noted */
    struct vfs_attr attr;     /* complete; nlink is 0 once removed; space_used is exact */
    bool atime_due;           /* changed since it was last read */
    _Atomic bool beside_free; /* mem_entry_beside() is nobody's name; needs no lock */
    uint32_t beside_bytes;    /* room for it, with its name; 0: there is none; constant */
    struct vfs_acl *acl;      /* NULL: none, the mode decides */
    uint8_t *label;           /* security label; NULL: none */
    uint32_t label_bytes;
    struct mem_object *attrdir; /* NULL: none yet; constant once set */
    struct mem_xattrs *xattrs;  /* NULL: none yet; constant once set */
    struct list names;          /* mem_entry.of_object: its names */
    union {
        struct mem_dir dir;
        struct mem_file file;
        char *target; /* of a symlink; constant */
    };
};

/* One name.  Referenced by its directory, and temporarily by READDIRs.  It references its
 * object, of whose memory it may be a part. */
struct mem_entry {
    struct hnode by_name;
    uint64_t cookie; /* set when it is inserted */
    struct mem_object *obj;
    struct mem_object *dir; /* not a reference: it has the entry as long as this is on that list */
    struct list of_object;  /* of obj->names, under the object's lock */
    _Atomic uint32_t refs;
    uint16_t len;
    char name[];
};

static inline struct mem_fs *mem_fs_of(const struct vfs *fs)
{
    return CONTAINER_OF(fs, struct mem_fs, vfs);
}

/* That of this thread, and perhaps of others. */
static inline struct mem_lane *mem_lane_of(struct mem_fs *fs)
{
    return &fs->lanes[counter_lane % MEM_LANES];
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

/* The entry that was allocated together with an object that has room for it.  A LOOKUP among many
 * names waits for memory: now both come at once. */
static inline struct mem_entry *mem_entry_beside(struct mem_object *obj)
{
    return (struct mem_entry *)(obj + 1);
}

/* Of two objects that are not above each other, neither one an attribute directory: is the lock of
 * the first one taken before that of the second? */
static inline bool mem_locks_before(const struct mem_object *a, const struct mem_object *b)
{
    bool a_dir = vfs_type_is_dir(a->vfs.type), a_attr = a->vfs.type == VFS_NAMEDATTR;
    bool b_dir = vfs_type_is_dir(b->vfs.type), b_attr = b->vfs.type == VFS_NAMEDATTR;

    if (a_dir != b_dir)
        return a_dir;
    return a_attr == b_attr ? a < b : b_attr;
}

/* The object must be locked. */
static inline struct vfs_guard mem_guard(const struct mem_object *obj)
{
    return (struct vfs_guard){.attr = &obj->attr, .acl = obj->acl};
}
