/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of backend/mem share: the file system, its objects, the entries of directories.
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
     * its object, which takes itself out before it is freed: mem_attrdir_lock_object(). */
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

/* object.c */

/* A new object with these attributes and one reference, for the caller; size, nlink and file id
 * are the callee's.  NULL when the account is full. */
struct mem_object *mem_object_create(struct mem_fs *fs, const struct vfs_attr *attr);
/* Free it and what it holds, whatever its references; it must have left its shard. */
void mem_object_free(struct mem_object *obj);
/* A reference, unless the last one is gone and it waits only for release() to free it. */
bool mem_object_get_alive(struct mem_object *obj);
enum vfs_status mem_resolve(struct vfs *vfs, const struct vfs_handle *handle,
                            struct vfs_object **out);
void mem_release(struct vfs_object *vfs);

/* attr.c */

/* Its attributes or names changed (ctime), or its data or entries (mtime too); write-locked. */
void mem_changed_locked(struct mem_object *obj, struct timespec now);
void mem_modified_locked(struct mem_object *obj, struct timespec now);
/* Somebody read it while atime_due was set; not locked.  Most reads read no clock and take no
 * write lock. */
void mem_accessed(struct mem_object *obj);
enum vfs_status mem_getattr(struct vfs_object *vfs, uint32_t mask, struct vfs_attr *out);
enum vfs_status mem_touch(struct vfs_object *vfs);
enum vfs_status mem_setattr(struct vfs_object *vfs, const struct vfs_cred *cred,
                            const struct vfs_attr *set, bool opened, uint32_t *applied);
enum vfs_status mem_may_setattr(struct vfs_object *vfs, const struct vfs_cred *cred,
                                const struct vfs_attr *set, bool opened);
enum vfs_status mem_access(struct vfs_object *vfs, const struct vfs_cred *cred, uint32_t want,
                           uint32_t *granted);
/* What setattr and create can set. */
#define MEM_ATTR_SETTABLE                                                                          \
    (VFS_ATTR_MODE | VFS_ATTR_UID | VFS_ATTR_GID | VFS_ATTR_SIZE | VFS_ATTR_ATIME |                \
     VFS_ATTR_MTIME | VFS_ATTR_BTIME | VFS_ATTR_ATIME_NOW | VFS_ATTR_MTIME_NOW | VFS_ATTR_ACL |    \
     VFS_ATTR_MODE_HIGH)
/* Copy mode (as given), owner and times of `set` into `attr`. */
void mem_attr_apply(struct vfs_attr *attr, const struct vfs_attr *set, uint32_t mode,
                    struct timespec now);

/* acl.c */

/* Keep a copy in place of what there is; write-locked, or unknown to others.  The mode is the
 * caller's business.  False when the account is full (not with `force`), and without memory. */
bool mem_acl_keep_locked(struct mem_object *obj, const struct vfs_acl *acl, bool force);
/* The mode was set: so is the ACL, if there is one. */
bool mem_acl_chmod_locked(struct mem_object *obj, uint32_t mode) MUST_USE;

/* There is no memory for the ACL that is due: nobody is allowed anything until the next one. */
void mem_acl_close_locked(struct mem_object *obj);
void mem_acl_drop(struct mem_object *obj);
enum vfs_status mem_getacl(struct vfs_object *vfs, const struct vfs_cred *cred,
                           struct vfs_acl *out);

/* attrdir.c */

/* Lock the object of an attribute directory for writing, with a reference that mem_dir_unlock()
 * gives back; false when it is gone. */
bool mem_attrdir_lock_object(struct mem_object *attrdir);
/* Whoever may read or write obj may have changed: obj is write-locked, its attribute directory, if
 * any, is not. */
void mem_attrdir_follow_locked(struct mem_object *obj);
/* Its object is gone: so are the attributes, and the object's reference. */
void mem_attrdir_drop(struct mem_object *attrdir);
/* Is attr one of the named attributes, removed ones too, of that directory? */
bool mem_attrdir_holds(const struct vfs_object *dir, const struct vfs_object *attr);
enum vfs_status mem_openattr(struct vfs_object *vfs, const struct vfs_cred *cred, bool create,
                             struct vfs_object **dir);

/* dir.c */

/* Lock a directory for writing; an attribute directory's object is locked, too, before it.  False:
 * that object is gone, nothing is locked. */
bool mem_dir_lock(struct mem_object *dir);
void mem_dir_unlock(struct mem_object *dir);
/* Its entries changed; locked by mem_dir_lock(), or no attribute directory. */
void mem_dir_modified_locked(struct mem_object *dir, struct timespec now);
/* mem_dir_lock(), and check that names may be looked up and made in it: NOTDIR, STALE when it is
 * removed, ACCESS.  Unlocked unless OK. */
enum vfs_status mem_dir_lock_search(struct mem_object *dir, const struct vfs_cred *cred);
/* May names of directories, or of anything else, be made in it? */
bool mem_dir_may_add_locked(const struct mem_object *dir, const struct vfs_cred *cred,
                            bool directory);
struct mem_entry *mem_dir_find_locked(const struct mem_object *dir, const struct vfs_name *name);
/* A new entry, in no directory yet; it takes a reference of obj.  NULL when the account is full;
 * with `force` never. */
struct mem_entry *mem_entry_create(struct mem_object *obj, const struct vfs_name *name, bool force);
/* Let go of an entry, or of NULL.  No object may be locked unless the entry's has another
 * holder. */
void mem_entry_put(struct mem_entry *entry);
/* Put an entry in; false when the account is full (not with `force`), and without memory.
 * Attributes of dir and object stay. */
bool mem_dir_insert_locked(struct mem_object *dir, struct mem_entry *entry, bool force);
/* Take an entry out; the caller then owns the directory's reference of it. */
void mem_dir_take_locked(struct mem_object *dir, struct mem_entry *entry);
enum vfs_status mem_lookup(struct vfs_object *vfs, const struct vfs_cred *cred,
                           const struct vfs_name *name, struct vfs_object **out);
enum vfs_status mem_parent(struct vfs_object *vfs, const struct vfs_cred *cred,
                           struct vfs_object **out);

/* readdir.c, create.c, remove.c, rename.c */

enum vfs_status mem_readdir(struct vfs_object *vfs, const struct vfs_cred *cred,
                            struct vfs_readdir *rd);
enum vfs_status mem_create_object(struct vfs_object *vfs, const struct vfs_cred *cred,
                                  const struct vfs_name *name, struct vfs_create *create,
                                  struct vfs_change_info *info, struct vfs_object **out);
enum vfs_status mem_link(struct vfs_object *vfs, struct vfs_object *vfs_dir,
                         const struct vfs_cred *cred, const struct vfs_name *name,
                         struct vfs_change_info *info);
enum vfs_status mem_may_link(struct vfs_object *vfs, struct vfs_object *vfs_dir,
                             const struct vfs_cred *cred);
enum vfs_status mem_remove(struct vfs_object *vfs, const struct vfs_cred *cred,
                           const struct vfs_name *name, struct vfs_change_info *info);
enum vfs_status mem_may_remove(struct vfs_object *vfs, const struct vfs_cred *cred,
                               const struct vfs_name *name);
/* One name of obj is gone; both locked.  A directory is dead then. */
void mem_unlinked_locked(struct mem_object *dir, struct mem_object *obj, struct timespec now);
enum vfs_status mem_rename(struct vfs_object *from_dir, const struct vfs_name *from,
                           struct vfs_object *to_dir, const struct vfs_name *to,
                           const struct vfs_cred *cred, struct vfs_change_info *from_info,
                           struct vfs_change_info *to_info);

/* file.c */

/* Cut or extend (with a hole) a regular file; write-locked, size <= MEM_FILE_SIZE_MAX. */
void mem_file_resize_locked(struct mem_object *obj, uint64_t size);
/* Free all blocks of a file that nobody can reach any more. */
void mem_file_clear(struct mem_object *obj);
enum vfs_status mem_open(struct vfs_object *vfs, const struct vfs_cred *cred,
                         enum vfs_open_want want, bool created);
void mem_close(struct vfs_object *obj, enum vfs_open_want want);
enum vfs_status mem_read(struct vfs_object *vfs, struct vfs_read *io);
void mem_read_done(struct vfs_object *obj, int fd);
enum vfs_status mem_write(struct vfs_object *vfs, const struct vfs_cred *cred, uint64_t offset,
                          const void *data, uint32_t len, enum vfs_stability want,
                          uint32_t *written, enum vfs_stability *reached);
enum vfs_status mem_commit(struct vfs_object *vfs, const struct vfs_cred *cred, uint64_t offset,
                           uint64_t len);
enum vfs_status mem_readlink(struct vfs_object *vfs, const struct vfs_cred *cred, char *buf,
                             uint32_t size, uint32_t *len);
