/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durability.  Requests for one file that meet share an fsync: one of the waiters runs it for all
 * that had arrived before it began; the next one runs the next.
 */
#include <errno.h>
#include <unistd.h>

#include "backend/local/local_internal.h"

struct sync_waiter {
    struct list link;
    bool done;
    int err;
};

/* The writes before it may be lost: clients must send them again, RFC 8881 §18.3.3. */
static void verifier_move(struct local_fs *fs)
{
    __atomic_fetch_add(&fs->base.write_verifier, 1, __ATOMIC_RELAXED);
}

/* Entered and left with the lock. */
static void run_round(struct local_object *obj, int fd)
{
    struct local_sync *sync = &obj->sync;
    struct list batch = LIST_INIT(batch);
    struct list *node;
    bool full = sync->full;
    int err;

    while ((node = list_pop_front(&sync->waiting)))
        list_push_back(&batch, node);
    sync->full = false;
    sync->running = true;
    pthread_mutex_unlock(&obj->lock);
    err = (full ? fsync(fd) : fdatasync(fd)) == 0 ? 0 : errno;
    if (err)
        verifier_move(local_fs_of(&obj->base));
    pthread_mutex_lock(&obj->lock);
    while ((node = list_pop_front(&batch))) {
        struct sync_waiter *waiter = LIST_ENTRY(node, struct sync_waiter, link);

        waiter->err = err;
        waiter->done = true;
    }
    sync->running = false;
    pthread_cond_broadcast(&sync->turn);
}

enum vfs_status local_sync_wait(struct local_object *obj, int fd, bool full)
{
    struct sync_waiter waiter = {.done = false};

    vfs_blocking_begin(true);
    pthread_mutex_lock(&obj->lock);
    list_push_back(&obj->sync.waiting, &waiter.link);
    obj->sync.full |= full;
    while (!waiter.done) {
        if (obj->sync.running)
            pthread_cond_wait(&obj->sync.turn, &obj->lock);
        else
            run_round(obj, fd);
    }
    pthread_mutex_unlock(&obj->lock);
    vfs_blocking_end();
    return local_status(waiter.err);
}

enum vfs_status local_commit(struct vfs_object *base, uint64_t offset, uint64_t len)
{
    struct local_object *obj = local_of(base);
    enum vfs_status status = local_check_regular(base);
    int fd;

    (void)offset; /* the kernel knows whole files only */
    (void)len;
    if (status != VFS_OK)
        return status;
    status = local_io_get(obj, NULL, VFS_WANT_WRITE, &fd);
    if (status != VFS_OK)
        status = local_io_get(obj, NULL, VFS_WANT_READ, &fd);
    if (status != VFS_OK)
        return status;
    status = local_sync_wait(obj, fd, false);
    local_io_put(obj);
    return status;
}
