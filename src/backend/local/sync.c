/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durability.  Concurrent requests to sync a file, directory or file system share a sync: one of
 * the waiters runs it for all that had arrived before it began; the next waiter runs the next one.
 */
#include "backend/local/sync.h"

#include <errno.h>
#include <unistd.h>

#include "backend/local/status.h"

struct sync_waiter {
    struct list link;
    pthread_cond_t turn; /* its sync is done, or it may run the next round */
    int fd;
    bool done;
    int err;
};

/* Earlier writes may be lost: clients must repeat them (RFC 8881 §18.3.3). */
static void verifier_move(struct local_fs *fs)
{
    __atomic_fetch_add(&fs->base.write_verifier, 1, __ATOMIC_RELAXED);
}

void local_sync_init(struct local_sync *sync)
{
    CHECK(pthread_mutex_init(&sync->lock, NULL) == 0);
    list_init(&sync->waiting);
    sync->reach = LOCAL_REACH_DATA;
    sync->running = false;
}

void local_sync_fini(struct local_sync *sync)
{
    CHECK(pthread_mutex_destroy(&sync->lock) == 0);
}

static int sync_once(int fd, enum local_reach reach)
{
    switch (reach) {
    case LOCAL_REACH_DATA:
        return fdatasync(fd);
    case LOCAL_REACH_FILE:
        return fsync(fd);
    case LOCAL_REACH_FS:
        break;
    }
    return syncfs(fd);
}

static int sync_to(int fd, enum local_reach reach)
{
    int result;

    do
        result = sync_once(fd, reach);
    while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

static struct sync_waiter *first_waiter(const struct local_sync *sync)
{
    return LIST_ENTRY(sync->waiting.next, struct sync_waiter, link);
}

/* What the next round syncs, and how far.  All waiters for a file have the same file open; waiters
 * for a file system have different objects open. */
static enum local_reach round_reach(const struct local_fs *fs, const struct local_sync *sync,
                                    int *fd)
{
    *fd = first_waiter(sync)->fd;
    if (sync != &fs->sync)
        return sync->reach;
    LIST_FOREACH_SAFE (waiter, &sync->waiting, struct sync_waiter, link) {
        if (waiter->fd == *fd)
            continue;
        *fd = fs->root_fd; /* always open, so it misses no error */
        return LOCAL_REACH_FS;
    }
    return sync->reach;
}

/* Entered and left with the lock held.  There must be a waiter. */
static void run_round(struct local_fs *fs, struct local_sync *sync)
{
    struct list batch = LIST_INIT(batch);
    struct list *node;
    int fd, err;
    enum local_reach reach = round_reach(fs, sync, &fd);

    while ((node = list_pop_front(&sync->waiting)))
        list_push_back(&batch, node);
    sync->reach = LOCAL_REACH_DATA;
    sync->running = true;
    pthread_mutex_unlock(&sync->lock);
    err = sync_to(fd, reach);
    if (err && err != EINVAL) /* EINVAL says only that `fd` does not support this sync */
        verifier_move(fs);
    pthread_mutex_lock(&sync->lock);
    while ((node = list_pop_front(&batch))) {
        struct sync_waiter *waiter = LIST_ENTRY(node, struct sync_waiter, link);

        waiter->err = err;
        waiter->done = true;
        pthread_cond_signal(&waiter->turn);
    }
    sync->running = false;
    if (!list_empty(&sync->waiting))
        pthread_cond_signal(&first_waiter(sync)->turn);
}

int local_sync_run(struct local_fs *fs, struct local_sync *sync, int fd, enum local_reach reach)
{
    struct sync_waiter waiter = {.turn = PTHREAD_COND_INITIALIZER, .fd = fd};

    pthread_mutex_lock(&sync->lock);
    list_push_back(&sync->waiting, &waiter.link);
    if (sync->reach < reach)
        sync->reach = reach;
    while (!waiter.done) {
        if (sync->running)
            pthread_cond_wait(&waiter.turn, &sync->lock);
        else
            run_round(fs, sync);
    }
    pthread_mutex_unlock(&sync->lock);
    CHECK(pthread_cond_destroy(&waiter.turn) == 0);
    return waiter.err;
}

/* The kernel reports a failed write to descriptors that are open, and to one opened while the inode
 * is still cached.  A file that had no descriptor for a while, between its write and its sync, may
 * have missed an error.  But the file system also records errors: syncfs() on a descriptor that is
 * always open reports them. */
void local_sync_unwatch(struct local_object *obj)
{
    if (!atomic_load_explicit(&obj->unsynced, memory_order_relaxed))
        return;
    atomic_store_explicit(&obj->unsynced, false, memory_order_relaxed);
    atomic_store_explicit(&obj->unwatched, true, memory_order_relaxed);
}

/* The object, or an earlier object of the same file. */
static bool may_have_missed(const struct local_fs *fs, const struct local_object *obj)
{
    uint32_t reviewed = atomic_load_explicit(&fs->reviewed, memory_order_relaxed);

    return atomic_load_explicit(&obj->unwatched, memory_order_relaxed) ||
           (int32_t)(obj->met_unwatched - reviewed) > 0;
}

/* Before a sync of an object in use: an error that it may have missed only moves the write
 * verifier.  The client then writes again, and gets the errors of this file. */
void local_sync_review(struct local_object *obj)
{
    struct local_fs *fs = local_fs_of(&obj->base);
    uint32_t unwatched;

    if (!may_have_missed(fs, obj))
        return;
    unwatched = atomic_load_explicit(&fs->unwatched, memory_order_relaxed);
    vfs_blocking_begin(true);
    (void)local_sync_run(fs, &fs->sync, fs->root_fd, LOCAL_REACH_FS);
    vfs_blocking_end();
    atomic_store_explicit(&fs->reviewed, unwatched, memory_order_relaxed);
    atomic_store_explicit(&obj->unwatched, false, memory_order_relaxed);
}

enum vfs_status local_sync_wait(struct local_object *obj, int fd, bool full)
{
    int err;

    atomic_store_explicit(&obj->unsynced, false, memory_order_relaxed);
    vfs_blocking_begin(true);
    err = local_sync_run(local_fs_of(&obj->base), &obj->sync, fd,
                         full ? LOCAL_REACH_FILE : LOCAL_REACH_DATA);
    vfs_blocking_end();
    return local_status(err);
}
