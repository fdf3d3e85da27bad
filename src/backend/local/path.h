/* SPDX-License-Identifier: Apache-2.0 */
/* Path descriptors of objects. */
#pragma once

#include "backend/local/local_internal.h"

/* Flag in local_object.path_users: path_fd is closed.  The rest is the number of users. */
#define LOCAL_PATH_GONE 0x80000000u

struct local_closing;

/* With the shard's lock held: take the descriptors of an object that no call uses, even if clients
 * have it open.  False: it keeps its path descriptor, because it could not be found again. */
bool local_path_give_up(struct local_object *obj, struct local_closing *closing);

/* Give a bare object the descriptor `fd`.  If another thread was first, `fd` is closed.  The caller
 * holds the path afterwards. */
void local_path_set(struct local_object *obj, int fd);

static inline void local_path_put(struct local_object *obj)
{
    atomic_fetch_sub_explicit(&obj->path_users, 1, memory_order_release);
}

/* A snapshot: it may change at any moment. */
static inline bool local_path_gone(const struct local_object *obj)
{
    return atomic_load_explicit(&obj->path_users, memory_order_relaxed) & LOCAL_PATH_GONE;
}

/* Hold obj->path_fd until local_path_put(), if it is open.  False if it is gone: local_path_get()
 * in resolve.h finds the object again. */
static inline bool local_path_try(struct local_object *obj)
{
    uint32_t before = atomic_fetch_add_explicit(&obj->path_users, 1, memory_order_acquire);

    if (before & LOCAL_PATH_GONE)
        local_path_put(obj);
    return !(before & LOCAL_PATH_GONE);
}
