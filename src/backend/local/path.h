/* SPDX-License-Identifier: Apache-2.0 */
/* Path descriptors of objects. */
#pragma once

#include "backend/local/local_internal.h"

/* In local_object.path_users, beside their number: path_fd is closed. */
#define LOCAL_PATH_GONE 0x80000000u

struct local_closing;

/* With the shard's lock: take the descriptors of an object that no call uses, also when it is open.
 * False: it keeps its path descriptor, since it could not be found again. */
bool local_path_give_up(struct local_object *obj, struct local_closing *closing);

/* Give a bare object the descriptor `fd`, unless another thread was first (then `fd` is closed);
 * the caller holds it afterwards. */
void local_path_set(struct local_object *obj, int fd);

static inline void local_path_put(struct local_object *obj)
{
    atomic_fetch_sub_explicit(&obj->path_users, 1, memory_order_release);
}

/* A look: it may be there again, or gone, at any moment. */
static inline bool local_path_gone(const struct local_object *obj)
{
    return atomic_load_explicit(&obj->path_users, memory_order_relaxed) & LOCAL_PATH_GONE;
}

/* obj->path_fd is there until local_path_put(), if it has one now.  (local_path_get(), which finds
 * the object again if it has none, is in resolve.h.) */
static inline bool local_path_try(struct local_object *obj)
{
    uint32_t before = atomic_fetch_add_explicit(&obj->path_users, 1, memory_order_acquire);

    if (before & LOCAL_PATH_GONE)
        local_path_put(obj);
    return !(before & LOCAL_PATH_GONE);
}
