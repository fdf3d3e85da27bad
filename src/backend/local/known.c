/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known IDs.  A shard is an array of sets of a few entries, chosen by the inode number.  When a set
 * is full, the array doubles, up to its share of the limit; then one of the set gives way.
 *
 * An entry belongs to an era of the clock; whoever finds the clock set back begins the next one.
 * The order matters: the era changes before `set_ns_max` does, so a thread that finds nothing wrong
 * with the clock knows the new era.
 */
#include "backend/local/known.h"

#include <linux/magic.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/htable.h"
#include "base/memory.h"

enum {
    SHARDS = 64,
    WAYS = 4,                 /* entries of a set */
    SETS_MIN = 4,             /* of a shard */
    ID_BYTES = 21,            /* the longest that is kept: btrfs */
    SET_BACK_NS = 50000000,   /* setting the clock back by less is no new era */
    AGE_NS_MIN = 200000000LL, /* of an object: more than that, and a few ticks of up to 10 ms */
    SETS_MAX = LIMIT_LOCAL_KNOWN_IDS / SHARDS / WAYS,
    BUDGET_PARTS = 64, /* of the memory budget, one is for the IDs of an export */
};

struct entry {
    uint64_t ino;
    int64_t btime_s;
    uint32_t btime_ns;
    uint32_t era; /* 0: unused */
    uint8_t id_len;
    uint8_t id[ID_BYTES];
};

_Static_assert(sizeof(struct entry) == 48, "as limits.h says");

struct shard {
    pthread_mutex_t lock;
    struct entry *entries; /* sets * WAYS; NULL: none yet */
    uint32_t sets;         /* a power of two */
    uint32_t victim;       /* counts replacements */
};

struct local_known {
    int64_t magic;
    _Atomic int64_t set_ns_max; /* greatest distance of the clocks in this era */
    _Atomic uint32_t era;
    struct shard shards[SHARDS];
};

struct local_known *local_known_create(int64_t magic)
{
    struct local_known *known;

    if (magic != TMPFS_MAGIC && magic != EXT4_SUPER_MAGIC && magic != XFS_SUPER_MAGIC &&
        magic != BTRFS_SUPER_MAGIC)
        return NULL;
    known = memory_zalloc(MEMORY_cached, sizeof(*known));
    if (!known)
        return NULL;
    known->magic = magic;
    atomic_init(&known->set_ns_max, INT64_MIN);
    atomic_init(&known->era, 1);
    for (size_t i = 0; i < SHARDS; i++)
        CHECK(pthread_mutex_init(&known->shards[i].lock, NULL) == 0);
    return known;
}

void local_known_destroy(struct local_known *known)
{
    if (!known)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        memory_free(MEMORY_cached, known->shards[i].entries);
        CHECK(pthread_mutex_destroy(&known->shards[i].lock) == 0);
    }
    memory_free(MEMORY_cached, known);
}

/* ---- the clock ---- */

static uint32_t next_era(struct local_known *known)
{
    uint32_t era = atomic_load(&known->era);

    while (!atomic_compare_exchange_weak(&known->era, &era, era == UINT32_MAX ? 1 : era + 1))
        continue;
    return atomic_load(&known->era);
}

/* The era at this time.  A clock that was set forward does no harm: births are later than all that
 * is known. */
static uint32_t era_at(struct local_known *known, const struct clock_wall *clock)
{
    int64_t max = atomic_load(&known->set_ns_max);
    uint32_t era;

    if (max > INT64_MIN + SET_BACK_NS && clock->set_ns < max - SET_BACK_NS) {
        era = next_era(known);
        atomic_store(&known->set_ns_max, clock->set_ns);
        return era;
    }
    while (clock->set_ns > max &&
           !atomic_compare_exchange_weak(&known->set_ns_max, &max, clock->set_ns))
        continue;
    return atomic_load(&known->era);
}

/* ---- what a handle says ---- */

static uint64_t word32(const uint8_t *at)
{
    uint32_t word;

    memcpy(&word, at, sizeof(word));
    return word;
}

static uint64_t word64(const uint8_t *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
    return word;
}

/* The number is in the handle, which follows its type.  The forms are part of what a kernel
 * promises to clients of its own server, who keep handles over its update. */
uint64_t local_known_ino(int64_t magic, const struct local_id *id)
{
    const uint8_t *at = id->data + 1;
    unsigned type = id->data[0], len = id->len - 1u;

    switch (magic) {
    case TMPFS_MAGIC: /* generation, number */
        return type == 0x01 && len == 12 ? word32(at + 4) | word32(at + 8) << 32 : 0;
    case BTRFS_SUPER_MAGIC: /* number, subvolume, generation */
        return type == 0x4d && len == 20 ? word64(at) : 0;
    case XFS_SUPER_MAGIC: /* number, generation; the number may be a long one */
        if (type == 0x81 && len == 12)
            return word64(at);
        break;
    case EXT4_SUPER_MAGIC:
        break;
    default:
        return 0;
    }
    return type == 0x01 && len == 8 ? word32(at) : 0;
}

/* ---- the table ---- */

static struct shard *shard_of(struct local_known *known, uint64_t hash)
{
    return &known->shards[hash >> 58];
}

_Static_assert(SHARDS == 1 << (64 - 58), "the shard is the top bits of the hash");

/* NULL: there are none yet. */
static struct entry *set_of(const struct shard *shard, uint64_t hash)
{
    return shard->entries ? shard->entries + (hash & (shard->sets - 1)) * WAYS : NULL;
}

static bool is_for(const struct entry *entry, const struct statx *st, uint32_t era)
{
    return entry->era == era && entry->ino == st->stx_ino &&
           entry->btime_s == st->stx_btime.tv_sec && entry->btime_ns == st->stx_btime.tv_nsec;
}

static struct entry *entry_find(const struct shard *shard, uint64_t hash, const struct statx *st,
                                uint32_t era)
{
    struct entry *set = set_of(shard, hash);

    for (unsigned i = 0; set && i < WAYS; i++) {
        if (is_for(&set[i], st, era))
            return &set[i];
    }
    return NULL;
}

/* An entry of the set that is unused, or of a past era; NULL: there is none. */
static struct entry *entry_unused(const struct shard *shard, uint64_t hash, uint32_t era)
{
    struct entry *set = set_of(shard, hash);

    for (unsigned i = 0; set && i < WAYS; i++) {
        if (set[i].era != era)
            return &set[i];
    }
    return NULL;
}

static uint32_t sets_max(void)
{
    uint64_t budget = memory_budget(),
             most = budget / BUDGET_PARTS / SHARDS / WAYS / sizeof(struct entry);

    return budget > 0 && most < SETS_MAX ? (uint32_t)most : SETS_MAX;
}

static bool shard_grow(struct shard *shard, uint32_t era)
{
    struct shard larger = {.sets = shard->entries ? shard->sets * 2 : SETS_MIN};

    if (larger.sets > sets_max() || memory_is_tight())
        return false;
    larger.entries = memory_zalloc(MEMORY_cached, larger.sets * WAYS * sizeof(struct entry));
    if (!larger.entries)
        return false;
    /* Each set becomes two, so none of the new ones can be full too early. */
    for (uint32_t i = 0; shard->entries && i < shard->sets * WAYS; i++) {
        const struct entry *old = &shard->entries[i];

        if (old->era == era)
            *entry_unused(&larger, hash_u64(old->ino), era) = *old;
    }
    memory_free(MEMORY_cached, shard->entries);
    shard->entries = larger.entries;
    shard->sets = larger.sets;
    return true;
}

static struct entry *entry_make(struct shard *shard, uint64_t hash, uint32_t era)
{
    struct entry *entry = entry_unused(shard, hash, era);

    while (!entry && shard_grow(shard, era))
        entry = entry_unused(shard, hash, era);
    if (!entry && shard->entries)
        entry = &set_of(shard, hash)[shard->victim++ % WAYS];
    return entry;
}

static bool is_old(const struct statx *st, const struct clock_wall *clock)
{
    const struct statx_timestamp *birth = &st->stx_btime;
    int64_t latest_ns = clock->now_ns - AGE_NS_MIN;

    if (birth->tv_sec < 0 || birth->tv_sec > latest_ns / NSEC_PER_SEC)
        return false;
    return birth->tv_sec * NSEC_PER_SEC + birth->tv_nsec < latest_ns;
}

bool local_known_find_at(struct local_known *known, const struct statx *st,
                         const struct clock_wall *clock, struct local_known_look *look,
                         struct local_id *id)
{
    uint64_t hash = hash_u64(st->stx_ino);
    struct shard *shard = shard_of(known, hash);
    const struct entry *entry;
    bool found;

    *look = (struct local_known_look){era_at(known, clock), is_old(st, clock)};
    pthread_mutex_lock(&shard->lock);
    entry = entry_find(shard, hash, st, look->era);
    found = entry != NULL;
    if (found) {
        id->len = entry->id_len;
        memcpy(id->data, entry->id, ID_BYTES);
    }
    pthread_mutex_unlock(&shard->lock);
    return found;
}

bool local_known_find(struct local_known *known, const struct statx *st,
                      struct local_known_look *look, struct local_id *id)
{
    struct clock_wall clock;

    *look = (struct local_known_look){0};
    if (!known || !(st->stx_mask & STATX_BTIME))
        return false;
    clock = clock_wall_coarse();
    return local_known_find_at(known, st, &clock, look, id);
}

static void entry_put_locked(struct shard *shard, uint64_t hash, const struct statx *st,
                             uint32_t era, const struct local_id *id)
{
    struct entry *entry = entry_find(shard, hash, st, era);

    if (!entry)
        entry = entry_make(shard, hash, era);
    if (!entry)
        return;
    *entry = (struct entry){.ino = st->stx_ino,
                            .btime_s = st->stx_btime.tv_sec,
                            .btime_ns = st->stx_btime.tv_nsec,
                            .era = era,
                            .id_len = id->len};
    memcpy(entry->id, id->data, id->len);
}

bool local_known_keep(struct local_known *known, const struct statx *st,
                      const struct local_known_look *look, const struct local_id *id)
{
    uint64_t hash = hash_u64(st->stx_ino);
    struct shard *shard;

    if (!look->old || id->len < 1 || id->len > ID_BYTES || st->stx_ino == 0 ||
        local_known_ino(known->magic, id) != st->stx_ino)
        return false;
    shard = shard_of(known, hash);
    pthread_mutex_lock(&shard->lock);
    entry_put_locked(shard, hash, st, look->era, id);
    pthread_mutex_unlock(&shard->lock);
    return true;
}

void local_known_forget(struct local_known *known, uint64_t ino)
{
    uint64_t hash = hash_u64(ino);
    struct shard *shard;
    struct entry *set;

    if (!known)
        return;
    shard = shard_of(known, hash);
    pthread_mutex_lock(&shard->lock);
    set = set_of(shard, hash);
    for (unsigned i = 0; set && i < WAYS; i++) {
        if (set[i].ino == ino)
            set[i].era = 0;
    }
    pthread_mutex_unlock(&shard->lock);
}

void local_known_drop(struct local_known *known)
{
    for (size_t i = 0; known && i < SHARDS; i++) {
        struct shard *shard = &known->shards[i];

        pthread_mutex_lock(&shard->lock);
        memory_free(MEMORY_cached, shard->entries);
        shard->entries = NULL;
        shard->sets = 0;
        pthread_mutex_unlock(&shard->lock);
    }
}
