/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_history.h"

#include "base/clock.h"
#include "base/htable.h"
#include "state/delegation/delegation.h"

/* A word: which file (24 bits of a hash), how long it rests (8), when it ends (32, in ticks). */
enum {
    TICK_MS = 100, /* so the clock of a word goes round in thirteen years */
    FILE_SHIFT = 40,
    LEVEL_SHIFT = 32,
    LEVEL_MASK = 0xff,

    /* Each level rests twice as long as the one before it; 0: not at all. */
    LEVEL_SHORT = DELEGATION_COOLDOWN_DOUBLINGS + 1,
    LEVEL_LONG = DELEGATION_COOLDOWN_LONG_DOUBLINGS + 1,
};

/* A level in its place; clang-tidy 14 takes the same as a shift for undefined. */
#define LEVEL_UNIT (UINT64_C(1) << LEVEL_SHIFT)

static uint64_t hash_of(const struct vfs_object *obj)
{
    return hash_u64(hash_u64((uint64_t)(uintptr_t)obj->fs->volume) ^ obj->fileid);
}

static uint32_t tick_of(int64_t now_ns)
{
    return (uint32_t)(now_ns / (TICK_MS * NSEC_PER_MSEC));
}

static uint32_t cooldown_ticks(uint32_t level)
{
    return (uint32_t)(DELEGATION_COOLDOWN_MS / TICK_MS) << (level - 1);
}

/* 0: there was no conflict, or none for so long that it is forgotten.  *left is the time that the
 * file still rests; not above 0: it does not. */
static uint32_t level_of(uint64_t word, uint64_t hash, uint32_t tick, int32_t *left)
{
    uint32_t level = word >> LEVEL_SHIFT & LEVEL_MASK;

    *left = (int32_t)((uint32_t)word - tick);
    if (word >> FILE_SHIFT != hash >> FILE_SHIFT || level == 0)
        return 0;
    return -(int64_t)*left > cooldown_ticks(level) ? 0 : level;
}

/* Does the word belong to another file, one that is not to be displaced? */
static bool is_taken(uint64_t word, uint64_t hash, uint32_t level, uint32_t tick)
{
    return word >> FILE_SHIFT != hash >> FILE_SHIFT && (word >> LEVEL_SHIFT & LEVEL_MASK) > level &&
           (int32_t)((uint32_t)word - tick) > 0;
}

static void rest(_Atomic uint64_t *word, uint64_t hash, uint64_t level, uint32_t tick)
{
    uint32_t ends = tick + cooldown_ticks((uint32_t)level);

    if (!is_taken(atomic_load_explicit(word, memory_order_relaxed), hash, (uint32_t)level, tick))
        atomic_store_explicit(word, hash >> FILE_SHIFT << FILE_SHIFT | level * LEVEL_UNIT | ends,
                              memory_order_relaxed);
}

void delegation_history_note(struct delegation_history *history, const struct vfs_object *obj,
                             int64_t now_ns)
{
    uint64_t hash = hash_of(obj);
    _Atomic uint64_t *word = &history->words[hash % HISTORY_WORDS];
    uint32_t tick = tick_of(now_ns), level;
    int32_t left;

    level = level_of(atomic_load_explicit(word, memory_order_relaxed), hash, tick, &left);
    if (level > 0 && left > 0)
        return; /* the same conflict: many held it */
    if (level != LEVEL_SHORT && level != LEVEL_LONG)
        level++;
    rest(word, hash, level, tick);
}

void delegation_history_note_end(struct delegation_history *history, const struct vfs_object *obj,
                                 int64_t began_ns, int64_t now_ns)
{
    uint64_t hash = hash_of(obj);
    _Atomic uint64_t *word = &history->words[hash % HISTORY_WORDS];
    int64_t enough = (now_ns - began_ns) / (TICK_MS * NSEC_PER_MSEC) * DELEGATION_COOLDOWN_SHARE;
    uint32_t tick = tick_of(now_ns), level;
    int32_t left;

    level = level_of(atomic_load_explicit(word, memory_order_relaxed), hash, tick, &left);
    if (level == 0)
        level = 1;
    while (level < LEVEL_LONG && cooldown_ticks(level) < enough)
        level++;
    rest(word, hash, level, tick);
}

void delegation_history_forget(struct delegation_history *history, const struct vfs_object *obj)
{
    uint64_t hash = hash_of(obj);
    _Atomic uint64_t *word = &history->words[hash % HISTORY_WORDS];

    if (atomic_load_explicit(word, memory_order_relaxed) >> FILE_SHIFT == hash >> FILE_SHIFT)
        atomic_store_explicit(word, 0, memory_order_relaxed);
}

bool delegation_history_cools_down(const struct delegation_history *history,
                                   const struct vfs_object *obj, int64_t now_ns)
{
    uint64_t hash = hash_of(obj);
    uint64_t word =
        atomic_load_explicit(&history->words[hash % HISTORY_WORDS], memory_order_relaxed);
    int32_t left;

    return level_of(word, hash, tick_of(now_ns), &left) > 0 && left > 0;
}
