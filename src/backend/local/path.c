/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path descriptors of objects: opened with O_PATH, they name the object to the kernel.  When
 * descriptors are short, an object that no call uses gives up all of its descriptors, even if
 * clients have it open.  The next call that needs one finds the object again by its handle.
 *
 * One word holds both the number of users of path_fd and whether path_fd is gone, so the use of an
 * object that has its descriptor costs two atomic operations.  The word changes from "no users" to
 * "gone", and back, under obj->lock.
 */
#include "backend/local/path.h"

#include <unistd.h>

#include "backend/local/access.h"
#include "backend/local/descriptor.h"
#include "backend/local/object.h"
#include "backend/local/statx.h"

/* Could the file be opened again as its opens require?  A server without privilege may have lost
 * the right to. */
static bool reopens_locked(const struct local_object *obj)
{
    const struct local_fs *fs = local_fs_of(&obj->base);
    int wanted = (obj->pins[0] ? R_OK : 0) | (obj->pins[1] ? W_OK : 0);

    return !wanted || fs->impersonate || fs->server.uid == 0 || local_may(obj, wanted) == 0;
}

/* A file without a name could not be found again. */
static bool has_name_locked(struct local_object *obj)
{
    struct statx st;

    if (atomic_load_explicit(&obj->unlinked, memory_order_relaxed))
        return false;
    if (obj->pins[0] + obj->pins[1] == 0)
        return true;
    if (local_statx(obj->path_fd, "", &st) != 0)
        return false;
    if (st.stx_nlink == 0)
        (void)local_object_mark_unlinked_locked(obj);
    return st.stx_nlink != 0;
}

/* From now on a call that needs path_fd must find the object again. */
static bool retire_locked(struct local_object *obj)
{
    uint32_t none = 0;

    return atomic_compare_exchange_strong_explicit(&obj->path_users, &none, LOCAL_PATH_GONE,
                                                   memory_order_acq_rel, memory_order_relaxed);
}

bool local_path_give_up(struct local_object *obj, struct local_closing *closing)
{
    bool bare = false;

    if (pthread_mutex_trylock(&obj->lock) != 0)
        return false;
    if (!obj->lease && atomic_load_explicit(&obj->users, memory_order_acquire) == 0 &&
        !local_path_gone(obj) && reopens_locked(obj)) {
        bare = has_name_locked(obj) && retire_locked(obj);
        local_descriptor_take_locked(obj, bare, closing);
    }
    pthread_mutex_unlock(&obj->lock);
    return bare;
}

void local_path_set(struct local_object *obj, int fd)
{
    struct local_fs *fs = local_fs_of(&obj->base);

    pthread_mutex_lock(&obj->lock);
    if (atomic_fetch_add_explicit(&obj->path_users, 1, memory_order_acquire) & LOCAL_PATH_GONE) {
        obj->path_fd = fd;
        fd = -1;
        atomic_fetch_add_explicit(&fs->descriptors, 1, memory_order_relaxed);
        /* Pairs with the acquires in local_path_get() and local_path_try(). */
        atomic_fetch_and_explicit(&obj->path_users, ~LOCAL_PATH_GONE, memory_order_release);
    }
    pthread_mutex_unlock(&obj->lock);
    if (fd >= 0)
        close(fd);
}
