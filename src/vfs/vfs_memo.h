/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a backend may remember from one call to the next within one request, such as attributes that
 * LOOKUP met and GETATTR will want.  A note that the calling thread made is good as long as its
 * mark is: the mark becomes void with the request, with a wait, when the caller says so
 * (vfs_memo_pause(), vfs_memo_off()), and when a delegation begins, or ends after its holder knew
 * the attributes of a file better than the backend.
 *
 * The mark must be read before what is to be remembered.
 *
 * A backend may also answer a request with what another request met, if that was met after this
 * one had been received: then it is no older than what the backend would find by itself.  A
 * request may use this for one object only, the first one that it wants to know of, and only until
 * it looks for itself (vfs_memo_look()): what was met of other objects may be older than what it
 * has seen.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vfs_memo_mark {
    uint64_t turn; /* 0: nothing may be remembered */
    uint64_t era;
};

extern _Thread_local struct vfs_memo_turn {
    uint64_t last;
    bool on;
    bool looked;         /* it may not use what others met */
    const void *of;      /* it has used what others met of this object; NULL: nothing yet */
    int64_t received_ns; /* clock_now_ns() when the request was there; 0: there is none */
} vfs_memo_turn;

extern _Atomic uint64_t vfs_memo_era;

/* The calling thread goes on with a request; what it remembers stays good. */
static inline void vfs_memo_on(void)
{
    vfs_memo_turn.on = true;
}

/* The calling thread forgets everything, and remembers nothing from now on.  It may go on to use
 * what others met. */
static inline void vfs_memo_pause(void)
{
    vfs_memo_turn.on = false;
    vfs_memo_turn.last++;
}

/* The request looks for itself: what others met may be older than what it sees. */
static inline void vfs_memo_look(void)
{
    vfs_memo_turn.looked = true;
}

/* The calling thread forgets everything, and looks for itself from now on. */
static inline void vfs_memo_off(void)
{
    vfs_memo_pause();
    vfs_memo_look();
}

/* The calling thread begins with a request.
 * `received_ns`: clock_now_ns() of a moment at which the request had been received. */
static inline void vfs_memo_begin(int64_t received_ns)
{
    vfs_memo_pause();
    vfs_memo_turn.looked = false;
    vfs_memo_turn.of = NULL;
    vfs_memo_turn.received_ns = received_ns;
}

/* It is done. */
static inline void vfs_memo_end(void)
{
    vfs_memo_off();
    vfs_memo_turn.received_ns = 0;
}

/* Is what was met of an object, for a request that had been received at `met_ns`, good for the
 * current one? */
static inline bool vfs_memo_is_recent(const void *obj, int64_t met_ns)
{
    return !vfs_memo_turn.looked && vfs_memo_turn.received_ns != 0 &&
           (!vfs_memo_turn.of || vfs_memo_turn.of == obj) && met_ns >= vfs_memo_turn.received_ns;
}

/* The request uses it. */
static inline void vfs_memo_use(const void *obj)
{
    vfs_memo_turn.of = obj;
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
