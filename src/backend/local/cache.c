/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of objects: sharded tables by ID, each with its own LRU list.  The table holds one
 * reference on each object in it.  A thread that finds this to be the only reference, under the
 * shard's lock, may remove the object.  So when release() is called, the table no longer has the
 * object.
 *
 * When memory or descriptors are short, unreferenced objects leave the cache.  An object that is
 * referenced but used by no call, such as an open file, can stay without descriptors, and one that
 * was only looked up may never have had any.  Such bare objects have a list of their own, so that a
 * search for descriptors need not skip them.
 */
#include "backend/local/cache.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "backend/local/descriptor.h"
#include "backend/local/handle.h"
#include "backend/local/identify.h"
#include "backend/local/object.h"
#include "backend/local/path.h"
#include "backend/local/status.h"
#include "backend/local/statx.h"
#include "base/memory.h"

enum {
    EVICT_SCAN = 32,         /* objects examined per shard before giving up */
    RESERVE_ROUNDS = 16,     /* passes over all shards for one descriptor */
    SHRINK_COUNT = 8,        /* objects removed per shard when memory is short */
    SURPLUS_COUNT = 2,       /* for each that comes while there are too many */
    SWEEP_SCAN = 512,        /* objects examined per shard in one pass */
    OBJECT_IDLE_EPOCHS = 60, /* an object unused for this long leaves */
    TIGHT_IDLE_EPOCHS = 6,   /* the same when memory is tight; after its names were checked */
    BUDGET_PARTS = 4,        /* of the memory budget, one is for the objects of all exports, */
    OBJECT_BYTES = 1024,     /* each of which takes about this, with what belongs to it; */
    OBJECTS_SURE = 4096,     /* but so many may each export have */
    NAME_EPOCHS = 3,         /* an object that may have a descriptor has its names checked this
                              * often: while we have a removed file open, its space is not freed */
};

static uint64_t id_hash(const struct local_fs *fs, const struct local_id *id)
{
    return hash_bytes(id->data, id->len, fs->hash_seed);
}

static struct local_shard *shard_of(struct local_fs *fs, uint64_t hash)
{
    return &fs->shards[hash >> 58]; /* the table uses the low bits */
}

_Static_assert(LOCAL_SHARDS == 1 << (64 - 58), "the shard is the top bits of the hash");

void local_cache_init(struct local_fs *fs)
{
    for (size_t i = 0; i < LOCAL_SHARDS; i++) {
        CHECK(pthread_mutex_init(&fs->shards[i].lock, NULL) == 0);
        htable_init(&fs->shards[i].table, 64);
        list_init(&fs->shards[i].lru);
        list_init(&fs->shards[i].bare);
        list_init(&fs->shards[i].io);
    }
}

/* Remove the object from the table.  After unlocking, the caller puts the table's reference. */
static void unhash_locked(struct local_shard *shard, struct local_object *obj)
{
    htable_remove(&shard->table, &obj->node);
    list_remove(&obj->lru);
    list_remove(&obj->io);
    obj->hashed = false;
}

/* Move the object to the end of its list. */
static void line_up_locked(struct local_shard *shard, struct local_object *obj)
{
    list_remove(&obj->lru);
    list_push_back(obj->bare ? &shard->bare : &shard->lru, &obj->lru);
}

static void touch_locked(struct local_shard *shard, struct local_object *obj, uint32_t epoch)
{
    atomic_store_explicit(&obj->epoch, epoch, memory_order_relaxed);
    line_up_locked(shard, obj);
}

/* Remove an unreferenced object from the table; the caller puts it.  An object in use moves to the
 * end of the list, so that it does not hide idle objects behind it. */
static bool evict_locked(struct local_shard *shard, struct local_object *obj, uint32_t epoch)
{
    if (atomic_load_explicit(&obj->base.refs, memory_order_acquire) != 1) {
        touch_locked(shard, obj, epoch);
        return false;
    }
    unhash_locked(shard, obj);
    return true;
}

static void put_all(struct list *dead)
{
    struct list *node;

    while ((node = list_pop_front(dead)))
        vfs_object_put(&LIST_ENTRY(node, struct local_object, lru)->base);
}

static void evict_all(struct local_shard *shard, struct list *line)
{
    struct list dead = LIST_INIT(dead);

    LIST_FOREACH_SAFE (obj, line, struct local_object, lru) {
        CHECK(evict_locked(shard, obj, 0));
        list_push_back(&dead, &obj->lru);
    }
    put_all(&dead);
}

void local_cache_fini(struct local_fs *fs)
{
    for (size_t i = 0; i < LOCAL_SHARDS; i++) {
        struct local_shard *shard = &fs->shards[i];

        evict_all(shard, &shard->lru);
        evict_all(shard, &shard->bare);
        htable_fini(&shard->table);
        CHECK(pthread_mutex_destroy(&shard->lock) == 0);
    }
}

/* The objects of one list that only the table holds; the export itself holds its root. */
static uint32_t count_idle(const struct local_fs *fs, const struct list *line)
{
    uint32_t count = 0;

    LIST_FOREACH (obj, line, struct local_object, lru)
        count += atomic_load_explicit(&obj->base.refs, memory_order_acquire) ==
                 (obj == fs->root ? 2 : 1);
    return count;
}

/* Those that are in use may have left the table. */
bool local_cache_idle(struct local_fs *fs)
{
    uint32_t before = atomic_load_explicit(&fs->objects, memory_order_acquire), idle = 0;

    for (size_t i = 0; i < LOCAL_SHARDS; i++) {
        struct local_shard *shard = &fs->shards[i];

        pthread_mutex_lock(&shard->lock);
        idle += count_idle(fs, &shard->lru) + count_idle(fs, &shard->bare);
        pthread_mutex_unlock(&shard->lock);
    }
    if (!fs->root->hashed) /* the directory was removed: the root is in no list */
        idle += atomic_load_explicit(&fs->root->base.refs, memory_order_acquire) == 1;
    return idle == before && atomic_load_explicit(&fs->objects, memory_order_acquire) == before;
}

static struct local_object *find_locked(struct local_fs *fs, struct local_shard *shard,
                                        const struct local_id *id, uint64_t hash)
{
    uint32_t epoch = atomic_load_explicit(&fs->epoch, memory_order_relaxed);

    for (struct hnode *n = htable_first(&shard->table, hash); n; n = htable_next(n)) {
        struct local_object *obj = CONTAINER_OF(n, struct local_object, node);

        if (obj->base.handle.len != 1u + id->len + LOCAL_MAC_BYTES ||
            memcmp(obj->base.handle.data + 1, id->data, id->len) != 0)
            continue;
        vfs_object_get(&obj->base);
        /* The order is kept to a second, so hot objects cost no list operations. */
        if (atomic_load_explicit(&obj->epoch, memory_order_relaxed) != epoch)
            touch_locked(shard, obj, epoch);
        return obj;
    }
    return NULL;
}

struct local_object *local_cache_lookup(struct local_fs *fs, const struct local_id *id)
{
    uint64_t hash = id_hash(fs, id);
    struct local_shard *shard = shard_of(fs, hash);
    struct local_object *obj;

    pthread_mutex_lock(&shard->lock);
    obj = find_locked(fs, shard, id, hash);
    pthread_mutex_unlock(&shard->lock);
    return obj;
}

/* Remove one idle object from a list.  NULL if the oldest ones are all in use. */
static struct local_object *victim_locked(struct local_fs *fs, struct local_shard *shard,
                                          struct list *line)
{
    uint32_t epoch = atomic_load_explicit(&fs->epoch, memory_order_relaxed);
    uint32_t seen = 0;

    LIST_FOREACH_SAFE (obj, line, struct local_object, lru) {
        if (evict_locked(shard, obj, epoch))
            return obj;
        if (++seen == EVICT_SCAN)
            break;
    }
    return NULL;
}

/* Remove an idle object for the caller to put.  False: there was none. */
static bool shrink_locked(struct local_fs *fs, struct local_shard *shard, struct list *dead)
{
    struct local_object *victim = victim_locked(fs, shard, &shard->bare);

    if (!victim)
        victim = victim_locked(fs, shard, &shard->lru);
    if (victim)
        list_push_back(dead, &victim->lru);
    return victim != NULL;
}

/* Remove idle objects of each shard to free memory.  False: there were none. */
static bool cache_shrink(struct local_fs *fs)
{
    bool found = false;

    for (unsigned i = 0; i < LOCAL_SHARDS; i++) {
        struct local_shard *shard = &fs->shards[i];
        struct list dead = LIST_INIT(dead);

        pthread_mutex_lock(&shard->lock);
        for (unsigned count = 0; count < SHRINK_COUNT; count++) {
            if (!shrink_locked(fs, shard, &dead))
                break;
        }
        pthread_mutex_unlock(&shard->lock);
        found |= !list_empty(&dead);
        put_all(&dead);
    }
    return found;
}

/* Get descriptors from one object: it leaves the table (the caller puts *victim), or becomes
 * bare. */
static void save_locked(struct local_shard *shard, struct local_object **victim,
                        struct local_closing *closing)
{
    uint32_t seen = 0;

    LIST_FOREACH_SAFE (obj, &shard->lru, struct local_object, lru) {
        if (atomic_load_explicit(&obj->base.refs, memory_order_acquire) == 1) {
            unhash_locked(shard, obj);
            *victim = obj;
            return;
        }
        obj->bare = local_path_give_up(obj, closing);
        line_up_locked(shard, obj);
        if (closing->count > 0 || ++seen == EVICT_SCAN)
            return;
    }
}

static bool has_descriptor(const struct local_fs *fs)
{
    return atomic_load_explicit(&fs->descriptors, memory_order_relaxed) +
               atomic_load_explicit(&fs->volume->kept, memory_order_relaxed) <
           fs->descriptors_max;
}

/* Try the next shard.  False: it has nothing to give. */
static bool take_one(struct local_fs *fs)
{
    struct local_closing closing = {.count = 0};
    struct local_object *victim = NULL;
    struct local_shard *shard =
        &fs->shards[atomic_fetch_add_explicit(&fs->next_victim, 1, memory_order_relaxed) %
                    LOCAL_SHARDS];

    pthread_mutex_lock(&shard->lock);
    save_locked(shard, &victim, &closing);
    pthread_mutex_unlock(&shard->lock);
    local_descriptor_close(&closing);
    if (victim)
        vfs_object_put(&victim->base);
    return victim || closing.count > 0;
}

/* Repeat until a pass over all shards yields nothing: other threads may take what this one
 * frees. */
static bool make_descriptor(struct local_fs *fs)
{
    uint32_t in_vain = 0;

    for (uint32_t tries = 0; tries < RESERVE_ROUNDS * LOCAL_SHARDS && in_vain < LOCAL_SHARDS;
         tries++) {
        if (has_descriptor(fs))
            return true;
        in_vain = take_one(fs) ? 0 : in_vain + 1;
    }
    return has_descriptor(fs);
}

enum vfs_status local_cache_reserve(struct local_fs *fs)
{
    bool there = has_descriptor(fs);

    if (there)
        return VFS_OK;
    vfs_blocking_begin(false); /* closing a file may wait for its disk */
    there = make_descriptor(fs);
    vfs_blocking_end();
    if (there)
        return VFS_OK;
    vfs_shortage();
    return VFS_DELAY;
}

void local_cache_set_path(struct local_object *obj, int fd)
{
    struct local_shard *shard = shard_of(local_fs_of(&obj->base), obj->node.hash);

    local_path_set(obj, fd);
    pthread_mutex_lock(&shard->lock);
    obj->bare = false;
    if (obj->hashed)
        line_up_locked(shard, obj);
    pthread_mutex_unlock(&shard->lock);
}

/* Does the shard have more than its share? */
static bool shard_is_over(const struct local_fs *fs, const struct local_shard *shard)
{
    uint64_t budget = memory_budget();

    return shard->table.count > fs->objects_max / LOCAL_SHARDS ||
           (budget > 0 && shard->table.count > OBJECTS_SURE / LOCAL_SHARDS &&
            local_object_count() > budget / BUDGET_PARTS / OBJECT_BYTES);
}

void local_cache_watch(struct local_object *obj)
{
    struct local_shard *shard = shard_of(local_fs_of(&obj->base), obj->node.hash);

    pthread_mutex_lock(&shard->lock);
    if (obj->hashed && list_empty(&obj->io))
        list_push_back(&shard->io, &obj->io);
    pthread_mutex_unlock(&shard->lock);
}

/* Insert the object; if another thread was first, return that thread's object. */
static struct local_object *insert(struct local_fs *fs, struct local_object *fresh,
                                   const struct local_id *id)
{
    uint64_t hash = id_hash(fs, id);
    struct local_shard *shard = shard_of(fs, hash);
    struct list dead = LIST_INIT(dead);
    struct local_object *obj;

    pthread_mutex_lock(&shard->lock);
    obj = find_locked(fs, shard, id, hash);
    if (!obj) {
        obj = fresh;
        vfs_object_get(&obj->base); /* the table's reference */
        htable_insert(&shard->table, &obj->node, hash);
        list_push_back(obj->bare ? &shard->bare : &shard->lru, &obj->lru);
        if (obj->fds[O_RDWR] >= 0)
            list_push_back(&shard->io, &obj->io);
        obj->hashed = true;
        for (unsigned count = 0; count < SURPLUS_COUNT && shard_is_over(fs, shard); count++)
            (void)shrink_locked(fs, shard, &dead);
        if (list_empty(&dead) && memory_is_tight()) /* it should not grow now */
            (void)shrink_locked(fs, shard, &dead);
    }
    pthread_mutex_unlock(&shard->lock);
    put_all(&dead);
    if (obj != fresh) {
        local_descriptor_adopt(obj, fresh);
        local_cache_watch(obj);
        local_object_destroy(fresh);
    }
    return obj;
}

static enum vfs_status admit(struct local_fs *fs, int fd, bool created, struct statx *st)
{
    if (local_statx(fd, "", st) != 0)
        return local_failure(errno);
    /* Another subvolume in the same mount, whose inode numbers may collide with ours. */
    if (st->stx_dev_major != fs->dev_major || st->stx_dev_minor != fs->dev_minor)
        return VFS_XDEV;
    /* A file that we created may have been removed already; the creation still succeeded. */
    if (st->stx_nlink == 0 && !created)
        return VFS_STALE;
    if (st->stx_ino == 0)
        return VFS_SERVERFAULT;
    return local_cache_reserve(fs);
}

static enum vfs_status create(struct local_fs *fs, int fd, int access, const struct local_id *id,
                              const struct statx *st, struct local_object **out)
{
    struct local_object *obj = local_object_create(fs, fd, access, id, st);

    if (!obj && cache_shrink(fs))
        obj = local_object_create(fs, fd, access, id, st);
    if (!obj) {
        vfs_shortage();
        return VFS_DELAY;
    }
    *out = insert(fs, obj, id);
    return VFS_OK;
}

/* `st`: filled if the object was not known. */
static enum vfs_status from_fd(struct local_fs *fs, int fd, int access, const struct local_id *id,
                               struct local_object **out, struct statx *st)
{
    struct local_id found;
    struct local_object *obj;
    enum vfs_status status;
    int err;

    if (!id) {
        id = &found;
        err = local_identify(fs, fd, "", &found);
        if (err) {
            close(fd);
            return local_status(err);
        }
        /* Not for a file just created, because its descriptor must be kept. */
        obj = access < 0 ? local_cache_lookup(fs, id) : NULL;
        if (obj) {
            close(fd);
            *out = obj;
            return VFS_OK;
        }
    }
    status = admit(fs, fd, access >= 0, st);
    if (status != VFS_OK) {
        close(fd);
        return status;
    }
    status = create(fs, fd, access, id, st, out);
    if (status != VFS_OK)
        close(fd);
    return status;
}

enum vfs_status local_cache_add(struct local_fs *fs, const struct local_id *id,
                                const struct statx *st, struct local_object **out)
{
    if (st->stx_ino == 0)
        return VFS_SERVERFAULT;
    return create(fs, -1, -1, id, st, out);
}

enum vfs_status local_cache_from_fd(struct local_fs *fs, int fd, int access,
                                    const struct local_id *id, struct local_object **out)
{
    struct statx st;

    return from_fd(fs, fd, access, id, out, &st);
}

enum vfs_status local_cache_from_made(struct local_fs *fs, int fd, struct local_object **out,
                                      struct statx *st)
{
    return from_fd(fs, fd, O_RDWR, NULL, out, st);
}

void local_cache_forget(struct local_object *obj)
{
    struct local_shard *shard = shard_of(local_fs_of(&obj->base), obj->node.hash);
    bool was;

    pthread_mutex_lock(&shard->lock);
    was = obj->hashed;
    if (was)
        unhash_locked(shard, obj);
    pthread_mutex_unlock(&shard->lock);
    if (was)
        vfs_object_put(&obj->base);
}

bool local_cache_forget_unused(struct local_object *obj)
{
    struct local_shard *shard = shard_of(local_fs_of(&obj->base), obj->node.hash);
    bool unused;

    pthread_mutex_lock(&shard->lock);
    /* the table's reference and the caller's */
    unused = obj->hashed && atomic_load_explicit(&obj->base.refs, memory_order_acquire) == 2;
    if (unused)
        unhash_locked(shard, obj);
    pthread_mutex_unlock(&shard->lock);
    if (unused)
        vfs_object_put(&obj->base);
    return unused;
}

/* Remove the objects of a list that have been idle for long. */
static void sweep_line_locked(struct local_shard *shard, struct list *line, uint32_t epoch,
                              struct list *dead)
{
    const uint32_t idle = memory_is_tight() ? TIGHT_IDLE_EPOCHS : OBJECT_IDLE_EPOCHS;
    uint32_t seen = 0;

    LIST_FOREACH_SAFE (obj, line, struct local_object, lru) {
        if (epoch - atomic_load_explicit(&obj->epoch, memory_order_relaxed) < idle ||
            ++seen == SWEEP_SCAN)
            break;
        if (evict_locked(shard, obj, epoch))
            list_push_back(dead, &obj->lru);
    }
}

void local_cache_sweep_shard(struct local_shard *shard, uint32_t epoch)
{
    struct list dead = LIST_INIT(dead);
    uint32_t seen = 0;

    pthread_mutex_lock(&shard->lock);
    LIST_FOREACH_SAFE (obj, &shard->io, struct local_object, io) {
        if (!local_descriptor_sweep(obj, epoch))
            list_remove(&obj->io);
        if (++seen == SWEEP_SCAN)
            break;
    }
    sweep_line_locked(shard, &shard->lru, epoch, &dead);
    sweep_line_locked(shard, &shard->bare, epoch, &dead);
    pthread_mutex_unlock(&shard->lock);
    put_all(&dead);
}

uint32_t local_cache_take_unchecked(struct local_shard *shard, uint32_t epoch,
                                    struct local_object **taken, uint32_t max)
{
    uint32_t count = 0;

    pthread_mutex_lock(&shard->lock);
    LIST_FOREACH_SAFE (obj, &shard->lru, struct local_object, lru) {
        if (count == max)
            break;
        if (epoch - obj->seen < NAME_EPOCHS)
            continue;
        obj->seen = epoch;
        vfs_object_get(&obj->base);
        taken[count++] = obj;
    }
    pthread_mutex_unlock(&shard->lock);
    return count;
}
