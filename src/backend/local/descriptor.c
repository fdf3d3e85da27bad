/* SPDX-License-Identifier: Apache-2.0 */
/*
 * I/O descriptors of objects.  The sweeper closes them some seconds after their last use.  If
 * descriptors are short, even those of open files are closed.
 *
 * A file that we create uses its first descriptor as path_fd, too.  When that descriptor is to be
 * closed, an O_PATH descriptor takes over its number (dup3), so path_fd never changes and needs no
 * lock.
 */
#include "backend/local/descriptor.h"

#include <errno.h>
#include <unistd.h>

#include "backend/local/path.h"
#include "backend/local/sync.h"

enum {
    IO_IDLE_EPOCHS = 3 /* if longer, local users see "text file busy" for long */
};

int local_descriptor_reopen(const struct local_fs *fs, int fd, int flags)
{
    char digits[12];
    char *p = digits + sizeof(digits);

    *--p = '\0';
    do {
        *--p = (char)('0' + fd % 10);
        fd /= 10;
    } while (fd > 0);
    /* O_NONBLOCK: if a local process holds a lease, return an error to retry instead of waiting. */
    return openat(fs->proc_fd, p, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

void local_descriptor_adopt(struct local_object *obj, struct local_object *twin)
{
    if (!local_path_try(obj))
        return; /* the object has just given up its descriptors */
    for (int i = 0; i < 3; i++) {
        if (twin->fds[i] < 0)
            continue;
        pthread_mutex_lock(&obj->lock);
        if (obj->fds[i] < 0) {
            obj->fds[i] = twin->fds[i];
            if (twin->path_fd == twin->fds[i])
                twin->path_fd = -1;
            twin->fds[i] = -1;
        }
        pthread_mutex_unlock(&obj->lock);
    }
    local_path_put(obj);
}

void local_descriptor_take_locked(struct local_object *obj, bool path,
                                  struct local_closing *closing)
{
    struct local_fs *fs = local_fs_of(&obj->base);
    uint32_t before = closing->count;

    DCHECK(atomic_load(&obj->users) == 0);
    for (int i = 0; i < 3; i++) {
        if (obj->fds[i] < 0 || (obj->fds[i] == obj->path_fd && !path))
            continue;
        local_sync_unwatch(obj);
        if (obj->fds[i] != obj->path_fd)
            closing->fds[closing->count++] = obj->fds[i];
        obj->fds[i] = -1;
    }
    if (path && obj->path_fd >= 0) {
        closing->fds[closing->count++] = obj->path_fd;
        obj->path_fd = -1;
    }
    atomic_fetch_sub_explicit(&fs->descriptors, closing->count - before, memory_order_relaxed);
}

void local_descriptor_close(const struct local_closing *closing)
{
    for (uint32_t i = 0; i < closing->count; i++)
        close(closing->fds[i]);
}

/* Close an idle I/O descriptor.  True when the slot is empty afterwards. */
static bool close_idle(struct local_object *obj, int access)
{
    struct local_fs *fs = local_fs_of(&obj->base);
    int fd = obj->fds[access];

    if (fd < 0)
        return true;
    if (access != O_RDONLY)
        local_sync_unwatch(obj);
    if (fd == obj->path_fd) {
        int path = local_descriptor_reopen(fs, fd, O_PATH);
        bool replaced = path >= 0 && dup3(path, fd, O_CLOEXEC) >= 0;

        if (path >= 0)
            close(path);
        if (!replaced)
            return false;
    } else {
        close(fd);
        atomic_fetch_sub_explicit(&fs->descriptors, 1, memory_order_relaxed);
    }
    obj->fds[access] = -1;
    return true;
}

bool local_descriptor_keep_only_locked(struct local_object *obj, int access, uint32_t users)
{
    for (int i = 0; i < 3; i++) {
        if (i == access || obj->fds[i] < 0)
            continue;
        if ((access == O_RDONLY && obj->pins[1] > 0) ||
            atomic_load_explicit(&obj->users, memory_order_acquire) > users || !close_idle(obj, i))
            return false;
    }
    return true;
}

bool local_descriptor_sweep(struct local_object *obj, uint32_t epoch)
{
    bool empty = true;

    if (pthread_mutex_trylock(&obj->lock) != 0)
        return true;
    if (obj->pins[0] + obj->pins[1] > 0 || obj->lease ||
        atomic_load_explicit(&obj->users, memory_order_acquire) > 0 ||
        epoch - atomic_load_explicit(&obj->io_epoch, memory_order_relaxed) < IO_IDLE_EPOCHS) {
        pthread_mutex_unlock(&obj->lock);
        return true;
    }
    for (int i = 0; i < 3; i++)
        empty &= close_idle(obj, i);
    pthread_mutex_unlock(&obj->lock);
    return !empty;
}
