/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a backend may remember from one call to the next within one request, such as attributes that
 * LOOKUP met and GETATTR will want.  A note that the calling thread made is good as long as its
 * mark is: the mark becomes void with the request, with a wait, with each operation that is not
 * listed by the caller of vfs_memo_on(), and when a client that knew the attributes of a file
 * better than the backend has given them back.
 *
 * The mark must be read before what is to be remembered.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct vfs_memo_mark {
    uint64_t turn; /* 0: nothing may be remembered */
    uint64_t era;
};

extern _Thread_local struct vfs_memo_turn {
    uint64_t last;
    bool on;
} vfs_memo_turn;

extern _Atomic uint64_t vfs_memo_era;

/* The calling thread goes on with a request; what it remembers stays good. */
static inline void vfs_memo_on(void)
{
    vfs_memo_turn.on = true;
}

/* The calling thread forgets everything, and remembers nothing from now on. */
static inline void vfs_memo_off(void)
{
    vfs_memo_turn.on = false;
    vfs_memo_turn.last++;
}

/* All threads forget what they remember.  Release pairs with the acquire of whatever tells the
 * caller of vfs_memo_is_good() that the reason is over. */
static inline void vfs_memo_expire(void)
{
    atomic_fetch_add_explicit(&vfs_memo_era, 1, memory_order_release);
}

static inline struct vfs_memo_mark vfs_memo_mark(void)
{
    return (struct vfs_memo_mark){
        .turn = vfs_memo_turn.on ? vfs_memo_turn.last : 0,
        .era = atomic_load_explicit(&vfs_memo_era, memory_order_acquire),
    };
}

static inline bool vfs_memo_is_good(const struct vfs_memo_mark *mark)
{
    return mark->turn != 0 && vfs_memo_turn.on && mark->turn == vfs_memo_turn.last &&
           mark->era == atomic_load_explicit(&vfs_memo_era, memory_order_acquire);
}
