/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of backend/local share.
 *
 * Locks, in the order they may be taken: file.names (two by address) -> shard.lock ->
 * object.lock (below a shard's by trylock only) or the map's two (map.h).  No lock is held while
 * emit() runs.
 */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "backend/local/local.h"
#include "backend/local/map.h"
#include "backend/local/volume.h"
#include "base/htable.h"
#include "base/list.h"

enum {
    LOCAL_SHARDS = 64,
    LOCAL_MAC_BYTES = 16,
    LOCAL_STATX_MASK = STATX_BASIC_STATS | STATX_BTIME,
    LOCAL_INSIDE_EPOCHS = 5,         /* for which a directory is taken to be where it was */
    LOCAL_ORPHANS_PART = 4,          /* of the descriptors, for files open without a name */
    LOCAL_SENDFILE_BYTES = 64 << 10, /* answer by descriptor from here on */
};

/* First byte of a handle: what the bytes between it and the MAC are.  One file system, one kind. */
enum local_id_kind {
    LOCAL_ID_HANDLE = 1, /* name_to_handle_at: type, bytes */
    LOCAL_ID_FID = 2,    /* the same with AT_HANDLE_FID: unique, but cannot be opened */
    LOCAL_ID_INO = 3,    /* inode number and birth time, where the kernel has neither */
};

/* In local_object.path_users, beside their number: path_fd is closed. */
#define LOCAL_PATH_GONE 0x80000000u

struct local_lease;
struct local_ancestry;

struct local_shard {
    pthread_mutex_t lock;
    struct htable table;
    struct list lru;  /* the table's objects with descriptors, least recently used first */
    struct list bare; /* those without, in the same order */
    struct list io;   /* objects that may hold I/O descriptors */
};

/* How far a sync reaches, from the cheapest to the dearest. */
enum local_reach {
    LOCAL_REACH_DATA, /* fdatasync */
    LOCAL_REACH_FILE, /* fsync */
    LOCAL_REACH_FS,   /* syncfs */
};

/* Concurrent requests for durability of one file, directory or file system share a sync. */
struct local_sync {
    pthread_mutex_t lock;
    struct list waiting;    /* for the next round */
    enum local_reach reach; /* the most that one of them needs */
    bool running;
};

/* What makes changes of names and attributes durable (persist.c). */
enum local_persisting {
    LOCAL_PERSIST_EACH,     /* fsync of each object, at the same time */
    LOCAL_PERSIST_TOGETHER, /* one sync after the other, for all who wait */
    LOCAL_PERSIST_NOTHING,  /* nothing can */
};

struct local_fs {
    struct vfs base;
    int root_fd; /* opened for reading: open_by_handle_at wants it so */
    int proc_fd; /* /proc/self/fd */
    int mount_id;
    uint32_t dev_major, dev_minor;
    enum local_id_kind id_kind;
    struct local_id root_id;
    uint64_t file_size_max;
    bool by_handle;
    bool impersonate;
    bool coarse_ctime;      /* it moves with the clock tick */
    struct vfs_cred server; /* the identity of the server's own work */
    uint8_t mac_key[16];
    uint64_t hash_seed;
    _Atomic bool no_nowait; /* preadv2(RWF_NOWAIT) is unknown here */
    struct local_map *map;  /* NULL: by_handle */
    struct local_volume *volume;
    struct local_object *root;
    enum local_persisting persisting;
    bool fetches;           /* attributes of known objects too, over a network or from a program */
    struct local_sync sync; /* of the whole file system */
    struct local_ancestry *ancestry;

    uint32_t descriptors_max, objects_max;
    _Atomic uint32_t descriptors; /* held by objects */
    _Atomic uint32_t leases;      /* given (lease.h) */
    /* Objects that left unwatched, ever; how many of them had by the last syncfs (sync.c). */
    _Atomic uint32_t unwatched, reviewed;
    _Atomic uint32_t orphans;     /* objects open without a name: they keep their descriptors */
    _Atomic uint32_t epoch;       /* seconds, roughly */
    _Atomic uint32_t next_victim; /* the shard to shrink next */
    struct local_shard shards[LOCAL_SHARDS];

    bool watched; /* local_watch_start() */
    pthread_t sweeper;
    int stop_fd; /* readable: the sweeper ends */
};

/* Holders of a reference: those of struct vfs_object; the table of its shard, while `hashed`. */
struct local_object {
    struct vfs_object base;
    struct hnode node;       /* shard.lock */
    struct list lru, io;     /* shard.lock; lru: in one of two lists */
    bool hashed, bare;       /* shard.lock; bare: on that list */
    uint32_t seen;           /* shard.lock: the epoch in which the sweeper looked at its names */
    _Atomic uint32_t epoch;  /* last looked up */
    _Atomic bool unlinked;   /* has no name; lives until its last close() */
    _Atomic uint32_t inside; /* of a directory: the epoch as of which it is known to be within */
    struct local_node *file; /* a reference */
    _Atomic uint64_t noted;  /* for the map: a hash of where it was met last; 0: nowhere yet */

    /* path.c: read by those who are counted in path_users, written under the lock when none is.
     * May be the same number as fds[O_RDWR]. */
    _Atomic uint32_t path_users;
    int path_fd;

    pthread_mutex_t lock;      /* what follows */
    int fds[3];                /* by O_RDONLY, O_WRONLY, O_RDWR; -1: none */
    uint32_t pins[2];          /* open()s for reading, for writing: the right, no descriptor */
    struct local_lease *lease; /* NULL: none; it keeps its descriptor open, too */
    _Atomic uint32_t users;    /* I/O under way; raised under the lock only */
    _Atomic uint32_t io_epoch; /* last I/O */
    _Atomic bool unsynced;     /* written, and not synced since */
    _Atomic bool unwatched;    /* lost its descriptor in between */
    uint32_t met_unwatched;    /* local_fs.unwatched when it was made */
    int64_t dir_pos;           /* where fds[O_RDONLY] of a directory stands; -1: unknown */
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

/* status.c */
enum vfs_status local_status(int err);

/* The same for what surely is an error. */
static inline enum vfs_status local_failure(int err)
{
    enum vfs_status status = local_status(err);

    return status == VFS_OK ? VFS_IO : status;
}

/* key.c: the key of handles, kept in the state directory. */
int local_key_load(int state_fd, const char *path, uint8_t *mac_key, char *errbuf, size_t size);
/* id -> handle. */
void local_handle_build(const struct local_fs *fs, const struct local_id *id,
                        struct vfs_handle *handle);
/* VFS_BADHANDLE unless we made it. */
enum vfs_status local_handle_check(const struct local_fs *fs, const struct vfs_handle *handle,
                                   struct local_id *id);
/* The object of a handle, if it is in the cache: then the handle is compared with its own, which
 * costs less than to compute the MAC.  With a reference, or NULL. */
struct local_object *local_handle_find(struct local_fs *fs, const struct vfs_handle *handle);
void local_object_id(const struct local_object *obj, struct local_id *id);
bool local_id_equal(const struct local_id *a, const struct local_id *b);

/* identify.c: what stands at `name` in `dirfd`, or `dirfd` itself when name is "".  0 or an errno;
 * EXDEV: on another mount. */
int local_identify(const struct local_fs *fs, int dirfd, const char *name, struct local_id *id);
/* The kernel's form of an id of kind LOCAL_ID_HANDLE, at `buf`.  0 or an errno. */
int local_kernel_handle(const struct local_id *id, void *buf, size_t size);
/* Find out what this file system can do; sets id_kind, mount_id, root_id.  0 or an errno. */
int local_identify_root(struct local_fs *fs);

/* cred.c: the calling thread's file system identity. */
/* Act as `cred` from now on.  VFS_ACCESS: the thread can't.  Not in a server section. */
enum vfs_status local_cred_use(const struct local_fs *fs, const struct vfs_cred *cred);
/* Brackets around what the server does by its own right, whoever the caller is; they nest.  Behind
 * them the thread is who it was before.  errno stays. */
void local_cred_server_begin(const struct local_fs *fs);
void local_cred_server_end(const struct local_fs *fs);
/* Act as the server from now on: for its own threads, and for start and end. */
void local_cred_server(const struct local_fs *fs);
/* NULL: this process can act as its callers and come back.  Otherwise why not, for people; tried
 * on a thread of its own. */
const char *local_cred_obstacle(void);
extern const struct vfs_identity_hooks local_cred_hooks;

/* object.c: objects and their cache. */
void local_cache_init(struct local_fs *fs);
void local_cache_fini(struct local_fs *fs);
/* With a reference, or NULL. */
struct local_object *local_object_find(struct local_fs *fs, const struct local_id *id);
/* The object that `fd` is open on.  Takes the descriptor over, also on error.  `access` is -1 for
 * an O_PATH descriptor, else its O_ access mode.  With `id` that of the object, if known. */
enum vfs_status local_object_from_fd(struct local_fs *fs, int fd, int access,
                                     const struct local_id *id, struct local_object **out);
/* The directory's entries are ours to change.  DELAY: too many wait for that already.  Blocks. */
enum vfs_status local_names_lock(struct local_node *dir) MUST_USE;
void local_names_unlock(struct local_node *dir);

/* Of two, or of one that is given twice. */
enum vfs_status local_names_lock_both(struct local_node *a, struct local_node *b) MUST_USE;
void local_names_unlock_both(struct local_node *a, struct local_node *b);

/* Look again at how many names it has after one was taken away; out of the cache with the last. */
void local_object_name_gone(struct local_object *obj);
/* It has I/O descriptors now: the sweeper shall look at it. */
void local_object_watch(struct local_object *obj);
/* It has its path descriptor again: on the list of those that can be asked to give it up. */
void local_object_equipped(struct local_object *obj);
/* A directory: it was within the export at `epoch`. */
void local_object_inside(struct local_object *obj, uint32_t epoch);
uint32_t local_object_inside_since(const struct local_object *obj);
/* VFS_DELAY: it would be one more file that stays open without a name, and there are already as
 * many as descriptors allow. */
enum vfs_status local_object_may_lose_name(struct local_object *obj);
/* It has no name any more, perhaps removed behind our back.  Who holds a reference goes on; by its
 * handle it is found no more, unless somebody has it open (close() forgets it then). */
void local_object_orphan(struct local_object *obj);
/* The first half of that, with obj->lock: mark it.  True: nobody has it open. */
bool local_object_orphan_locked(struct local_object *obj);
/* Out of the table: the next resolve asks the kernel. */
void local_object_forget(struct local_object *obj);
void local_object_release(struct vfs_object *base);
/* Make room for one more descriptor: idle objects give up theirs, also those that are open.
 * VFS_DELAY when none can.  A blocking section of its own, when it has to close something. */
enum vfs_status local_descriptor_reserve(struct local_fs *fs);
void local_cache_sweep(struct local_fs *fs);

/* Descriptors taken from an object, to be closed without a lock. */
struct local_closing {
    int fds[4];
    uint32_t count;
};

/* path.c: path descriptors of objects. */
/* The rest of local_path_get(): find the object again. */
enum vfs_status local_path_reopen(struct local_object *obj);
/* Give a bare object the descriptor `fd`, unless another thread was first (then `fd` is closed);
 * the caller holds it afterwards. */
void local_path_install(struct local_object *obj, int fd);
/* With the shard's lock: take the descriptors of an object that no call uses, also when it is open.
 * False: it keeps its path descriptor, since it could not be found again. */
bool local_path_give_up(struct local_object *obj, struct local_closing *closing);

/* obj->path_fd is there until local_path_put().  VFS_DELAY: no descriptor is to be had; VFS_STALE:
 * the object is gone, or cannot be found. */
static inline enum vfs_status local_path_get(struct local_object *obj)
{
    uint32_t before = atomic_fetch_add_explicit(&obj->path_users, 1, memory_order_acquire);

    return before & LOCAL_PATH_GONE ? local_path_reopen(obj) : VFS_OK;
}

static inline void local_path_put(struct local_object *obj)
{
    atomic_fetch_sub_explicit(&obj->path_users, 1, memory_order_release);
}

/* A look: it may be there again, or gone, at any moment. */
static inline bool local_path_gone(const struct local_object *obj)
{
    return atomic_load_explicit(&obj->path_users, memory_order_relaxed) & LOCAL_PATH_GONE;
}

/* The same if it has one. */
static inline bool local_path_try(struct local_object *obj)
{
    uint32_t before = atomic_fetch_add_explicit(&obj->path_users, 1, memory_order_acquire);

    if (before & LOCAL_PATH_GONE)
        local_path_put(obj);
    return !(before & LOCAL_PATH_GONE);
}

/* descriptor.c: I/O descriptors of objects. */
int local_reopen(const struct local_fs *fs, int fd, int flags);
/* A descriptor good for `want`, in use until local_io_put().  With `cred`, its right to open the
 * object so is checked, and the caller holds its path; NULL: it was before. */
enum vfs_status local_io_get(struct local_object *obj, const struct vfs_cred *cred,
                             enum vfs_open_want want, int *fd);
/* The same for a sync, which asks for no right and gets in nobody's way: what is open already, else
 * one for reading, opened as the server. */
enum vfs_status local_io_get_any(struct local_object *obj, int *fd);
/* The same, open as the server for reading and nothing else, or for both. */
enum vfs_status local_io_get_exact(struct local_object *obj, bool read_only, int *fd);
void local_io_put(struct local_object *obj);
/* False: it has lost its last name while nobody had it open, and its handle leads nowhere. */
bool local_io_pin(struct local_object *obj, enum vfs_open_want want);
void local_io_unpin(struct local_object *obj, enum vfs_open_want want);
/* With obj->lock: close all but fds[access].  False: one of them is needed, or more than `users`
 * use any. */
bool local_io_keep_only_locked(struct local_object *obj, int access, uint32_t users);
/* Move the I/O descriptors of a twin that lost the race into the table. */
void local_io_adopt(struct local_object *obj, struct local_object *twin);
/* With obj->lock, or at the object's end: its I/O descriptors become `closing`'s, and with `path`
 * that one, too. */
void local_io_take_locked(struct local_object *obj, bool path, struct local_closing *closing);
void local_io_close(const struct local_closing *closing);
/* Close what has been idle; false: nothing left to watch. */
bool local_io_sweep(struct local_object *obj, uint32_t epoch);

/* attr.c */
int local_statx(int dirfd, const char *name, struct statx *st);
enum vfs_type local_type(uint32_t mode);
void local_attr_fill(struct vfs_attr *attr, const struct statx *st);
uint64_t local_ctime(const struct statx *st);
/* Does ctime move with the clock tick on every file system?  On Linux before 6.13 it does. */
bool local_ctime_is_coarse(void);
/* The change attribute to report for what has not been met before. */
uint64_t local_change_unknown(const struct local_fs *fs, uint64_t ctime_ns);
/* The change attribute to report now that ctime was seen; never goes back. */
uint64_t local_change(const struct local_fs *fs, struct local_node *node, uint64_t ctime_ns);
/* We changed it: the next report differs from the last. */
void local_change_mark(struct local_node *node);
/* Before and after an operation on a directory. */
void local_change_before(struct local_object *dir, struct vfs_change_info *info);
void local_change_after(struct local_object *dir, struct vfs_change_info *info, bool changed);
/* faccessat2 under the thread's present identity: 0 or an errno. */
int local_may(const struct local_object *obj, int amode);
/* Is `err` a refusal, and not a failure to find out? */
bool local_may_not(int err);
enum vfs_status local_statfs(struct vfs_object *base, struct vfs_statfs *out);
enum vfs_status local_getattr(struct vfs_object *base, uint32_t mask, struct vfs_attr *out);
enum vfs_status local_access(struct vfs_object *base, const struct vfs_cred *cred, uint32_t want,
                             uint32_t *granted);

/* setattr.c */
enum vfs_status local_setattr(struct vfs_object *base, const struct vfs_cred *cred,
                              const struct vfs_attr *set, bool opened, uint32_t *applied);
enum vfs_status local_touch(struct vfs_object *base);
/* The bits of set->mask other than SIZE and MODE that could be applied as the thread stands. */
uint32_t local_setattr_initial(struct local_object *obj, const struct vfs_attr *set);

/* lookup.c */
struct local_name {
    char text[LIMIT_NAME_BYTES + 1];
};
static inline bool local_is_dots(const char *name)
{
    return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}
enum vfs_status local_name_copy(const struct vfs_name *name, struct local_name *out);
/* As the thread stands. */
enum vfs_status local_child(struct local_object *dir, const char *name, struct local_object **out);
void local_note(struct local_object *dir, const char *name, const struct local_id *id,
                uint64_t ino);
void local_note_gone(struct local_object *dir, const char *name, const struct local_id *id);
enum vfs_status local_root(struct vfs *fs, struct vfs_object **out);
enum vfs_status local_lookup(struct vfs_object *base, const struct vfs_cred *cred,
                             const struct vfs_name *name, struct vfs_object **out);
enum vfs_status local_parent(struct vfs_object *base, const struct vfs_cred *cred,
                             struct vfs_object **out);
enum vfs_status local_readlink(struct vfs_object *base, const struct vfs_cred *cred, char *buf,
                               uint32_t size, uint32_t *len);

/* ancestry.c: is a directory within the export? */
struct local_ancestry *local_ancestry_create(void);
void local_ancestry_destroy(struct local_ancestry *ancestry); /* NULL is allowed */
/* Is what was known at `epoch` too old to be trusted? */
bool local_ancestry_due(const struct local_fs *fs, uint32_t epoch);
/* VFS_OK: the directory `fd`, whose id is `id`, is the root or below it, as known since *epoch.
 * VFS_NOENT: it is not.  As the server. */
enum vfs_status local_ancestry_check(const struct local_fs *fs, int fd, const struct local_id *id,
                                     uint32_t *epoch);
/* The same of `fd`, the directory `parent`, in which the directory `id` stands now. */
enum vfs_status local_ancestry_check_parent(const struct local_fs *fs, const struct local_id *id,
                                            int fd, const struct local_id *parent, uint32_t *epoch);

/* search.c: a path descriptor of what stands where the map says.  VFS_STALE: nothing does. */
enum vfs_status local_search(struct local_fs *fs, const struct local_id *id, int *fd);

/* resolve.c */
/* Open a path descriptor of a known object.  As the server. */
enum vfs_status local_resolve_path(struct local_object *obj, int *fd);
enum vfs_status local_resolve(struct vfs *base, const struct vfs_handle *handle,
                              struct vfs_object **out);

/* readdir.c */
enum vfs_status local_readdir(struct vfs_object *base, const struct vfs_cred *cred,
                              struct vfs_readdir *rd);

/* create.c, remove.c */
enum vfs_status local_create_entry(struct vfs_object *base, const struct vfs_cred *cred,
                                   const struct vfs_name *name, struct vfs_create *create,
                                   struct vfs_change_info *info, struct vfs_object **out);
enum vfs_status local_link(struct vfs_object *obj, struct vfs_object *dir,
                           const struct vfs_cred *cred, const struct vfs_name *name,
                           struct vfs_change_info *info);
enum vfs_status local_remove(struct vfs_object *base, const struct vfs_cred *cred,
                             const struct vfs_name *name, struct vfs_change_info *info);
enum vfs_status local_rename(struct vfs_object *from_dir, const struct vfs_name *from,
                             struct vfs_object *to_dir, const struct vfs_name *to,
                             const struct vfs_cred *cred, struct vfs_change_info *from_info,
                             struct vfs_change_info *to_info);

/* file.c */
/* OK for a plain file, else what open() says of the type. */
enum vfs_status local_check_regular(const struct vfs_object *obj);
enum vfs_status local_open(struct vfs_object *base, const struct vfs_cred *cred,
                           enum vfs_open_want want, bool created);
void local_close(struct vfs_object *base, enum vfs_open_want want);
enum vfs_status local_read(struct vfs_object *base, struct vfs_read *io);
void local_read_done(struct vfs_object *obj, int fd);
enum vfs_status local_write(struct vfs_object *base, const struct vfs_cred *cred, uint64_t offset,
                            const void *data, uint32_t len, enum vfs_stability want,
                            uint32_t *written, enum vfs_stability *reached);

/* sync.c */
void local_sync_init(struct local_sync *sync);
void local_sync_fini(struct local_sync *sync);
/* Wait until a sync that began after this call is over; one caller runs it for all.  `fd` is open
 * on the object of `sync`.  Of fs->sync it is open on the one object that this caller has changed,
 * or with LOCAL_REACH_FS on any; if several wait for different ones it comes to that.  0 or an
 * errno; then the write verifier has moved, unless it is EINVAL: this descriptor can't be synced.
 * The caller has said vfs_blocking_begin(true). */
int local_sync_run(struct local_fs *fs, struct local_sync *sync, int fd, enum local_reach reach);
enum vfs_status local_sync_wait(struct local_object *obj, int fd, bool full);
/* A descriptor of an object that may be unsynced is about to be closed. */
void local_sync_unwatch(struct local_object *obj);
enum vfs_status local_commit(struct vfs_object *base, const struct vfs_cred *cred, uint64_t offset,
                             uint64_t len);

/* persist.c */
/* Find out what durability takes here, and what may block; sets fs->persisting and fs->fetches.  0
 * or an errno. */
int local_persist_choose(struct local_fs *fs);

/* Around system calls that block only where fs->fetches: elsewhere they cost nothing more. */
void local_fetch_begin(const struct local_fs *fs);
void local_fetch_end(const struct local_fs *fs);
enum vfs_status local_persist(struct vfs *base, struct vfs_object *const *objects, uint32_t count);
