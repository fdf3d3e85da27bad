/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_history.h"

#include "base/clock.h"
#include "base/htable.h"
#include "state/delegation/delegation.h"

/* A word: which file (24 bits of a hash), how often in a row (8), when it ends (32, in ticks). */
enum {
    TICK_MS = 100, /* so the clock of a word goes round in thirteen years */
    FILE_SHIFT = 40,
    TIMES_SHIFT = 32,
    TIMES_MAX = 0xff,
};

static uint64_t hash_of(const struct vfs_object *obj)
{
    return hash_u64(hash_u64((uint64_t)(uintptr_t)obj->fs->volume) ^ obj->fileid);
}

static uint32_t tick_of(int64_t now_ns)
{
    return (uint32_t)(now_ns / (TICK_MS * NSEC_PER_MSEC));
}

static uint32_t cooldown_ticks(uint32_t times)
{
    uint32_t doublings = times - 1;

    if (doublings > DELEGATION_COOLDOWN_DOUBLINGS)
        doublings = DELEGATION_COOLDOWN_DOUBLINGS;
    return (uint32_t)(DELEGATION_COOLDOWN_MS / TICK_MS) << doublings;
}

/* How often there was a conflict in a row; 0: never, or none for so long that it is forgotten.
 * *left is the time that the file still rests; not above 0: it does not. */
static uint32_t times_of(uint64_t word, uint64_t hash, uint32_t tick, int32_t *left)
{
    uint32_t times = word >> TIMES_SHIFT & TIMES_MAX;

    *left = (int32_t)((uint32_t)word - tick);
    if (word >> FILE_SHIFT != hash >> FILE_SHIFT || times == 0)
        return 0;
    return -(int64_t)*left > cooldown_ticks(times) ? 0 : times;
}

void delegation_history_note(struct delegation_history *history, const struct vfs_object *obj,
                             int64_t now_ns)
{
    uint64_t hash = hash_of(obj);
    _Atomic uint64_t *word = &history->words[hash % HISTORY_WORDS];
    uint32_t tick = tick_of(now_ns), times;
    int32_t left;

    times = times_of(atomic_load_explicit(word, memory_order_relaxed), hash, tick, &left);
    if (times > 0 && left > 0)
        return; /* the same conflict: many held it */
    if (times < TIMES_MAX)
        times++;
    atomic_store_explicit(word,
                          hash >> FILE_SHIFT << FILE_SHIFT | (uint64_t)times << TIMES_SHIFT |
                              (uint32_t)(tick + cooldown_ticks(times)),
                          memory_order_relaxed);
}

bool delegation_history_cools_down(const struct delegation_history *history,
                                   const struct vfs_object *obj, int64_t now_ns)
{
    uint64_t hash = hash_of(obj);
    uint64_t word =
        atomic_load_explicit(&history->words[hash % HISTORY_WORDS], memory_order_relaxed);
    int32_t left;

    return times_of(word, hash, tick_of(now_ns), &left) > 0 && left > 0;
}
