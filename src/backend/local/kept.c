/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes: a shard is an array of sets of a few entries, chosen by the inode number.  When a set
 * is full, the array doubles, up to its share of the limit; then one of the set gives way.  Names:
 * chunks by directory and position, of which the ones that were not used for the longest time give
 * way.  What has become void stays until something else takes its place.
 */
#include "backend/local/kept.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/htable.h"
#include "base/list.h"
#include "base/memory.h"

enum {
    SHARDS = 64,
    WAYS = 4,     /* entries of a set */
    SETS_MIN = 4, /* of a shard */
    ID_BYTES = 21,
    SETS_MAX = LIMIT_LOCAL_KEPT_ATTRS / SHARDS / WAYS,
    SHARD_NAMES_BYTES = LIMIT_LOCAL_KEPT_NAMES / SHARDS,
};

struct entry {
    uint64_t ino; /* 0: unused */
    uint64_t version, place;
    uint64_t size, blocks;
    int64_t atime_s, mtime_s, ctime_s, btime_s;
    uint32_t atime_ns, mtime_ns, ctime_ns, btime_ns;
    uint32_t nlink, uid, gid, until_s, removals;
    uint32_t mount; /* owners are those that this one shows */
    uint32_t rdev_minor;
    uint16_t rdev_major; /* 12 bits in Linux */
    uint16_t mode;
    bool has_btime;
    uint8_t id_len;
    uint8_t id[ID_BYTES];
};

_Static_assert(sizeof(struct entry) <= 144, "as limits.h says");

struct shard {
    pthread_mutex_t lock;
    struct entry *entries; /* sets * WAYS; NULL: none yet */
    uint32_t sets;         /* a power of two */
    uint32_t victim;       /* counts replacements */
    struct htable chunks;
    struct list lru; /* chunks, the least recently used first */
    size_t bytes;    /* of chunks */
};

struct local_names_chunk {
    struct hnode node; /* this and lru: the shard's lock */
    struct list lru;
    _Atomic uint32_t refs; /* one of them is the table's */
    uint64_t dir_ino, version;
    uint32_t removals;
    int64_t pos;
    size_t bytes;
    char data[] __attribute__((aligned(8)));
};

struct local_kept {
    struct local_versions *versions;
    struct shard shards[SHARDS];
};

struct local_kept *local_kept_create(struct local_versions *versions)
{
    struct local_kept *kept = memory_zalloc(MEMORY_cached, sizeof(*kept));

    if (!kept)
        return NULL;
    kept->versions = versions;
    for (size_t i = 0; i < SHARDS; i++) {
        CHECK(pthread_mutex_init(&kept->shards[i].lock, NULL) == 0);
        htable_init(&kept->shards[i].chunks, 0);
        list_init(&kept->shards[i].lru);
    }
    return kept;
}

static void chunk_drop_locked(struct shard *shard, struct local_names_chunk *chunk)
{
    htable_remove(&shard->chunks, &chunk->node);
    list_remove(&chunk->lru);
    shard->bytes -= sizeof(*chunk) + chunk->bytes;
    local_names_chunk_put(chunk);
}

static struct local_names_chunk *chunk_oldest(const struct shard *shard)
{
    return LIST_ENTRY(shard->lru.next, struct local_names_chunk, lru);
}

static void shard_drop(struct shard *shard)
{
    pthread_mutex_lock(&shard->lock);
    memory_free(MEMORY_cached, shard->entries);
    shard->entries = NULL;
    shard->sets = 0;
    while (!list_empty(&shard->lru))
        chunk_drop_locked(shard, chunk_oldest(shard));
    pthread_mutex_unlock(&shard->lock);
}

void local_kept_drop(struct local_kept *kept)
{
    for (size_t i = 0; kept && i < SHARDS; i++)
        shard_drop(&kept->shards[i]);
}

void local_kept_destroy(struct local_kept *kept)
{
    if (!kept)
        return;
    local_kept_drop(kept);
    for (size_t i = 0; i < SHARDS; i++) {
        htable_fini(&kept->shards[i].chunks);
        CHECK(pthread_mutex_destroy(&kept->shards[i].lock) == 0);
    }
    memory_free(MEMORY_cached, kept);
}

uint32_t local_kept_now_s(void)
{
    return (uint32_t)(clock_now_ns() / NSEC_PER_SEC) + 1; /* never 0 */
}

/* ---- attributes ---- */

static struct shard *shard_of(struct local_kept *kept, uint64_t hash)
{
    return &kept->shards[hash >> 58];
}

_Static_assert(SHARDS == 1 << (64 - 58), "the shard is the top bits of the hash");

/* NULL: there are none yet. */
static struct entry *set_of(const struct shard *shard, uint64_t hash)
{
    return shard->entries ? shard->entries + (hash & (shard->sets - 1)) * WAYS : NULL;
}

static struct entry *entry_find(const struct shard *shard, uint64_t hash, uint64_t ino)
{
    struct entry *set = set_of(shard, hash);

    for (unsigned i = 0; set && i < WAYS; i++) {
        if (set[i].ino == ino)
            return &set[i];
    }
    return NULL;
}

static bool none_removed(struct local_kept *kept, uint32_t removals)
{
    return atomic_load(&kept->versions->removals) == removals;
}

static bool is_good(struct local_kept *kept, const struct entry *entry)
{
    return local_version_is_good(kept->versions, entry->ino, entry->version) &&
           (!S_ISDIR(entry->mode) || none_removed(kept, entry->removals)) &&
           (entry->until_s == 0 || local_kept_now_s() < entry->until_s);
}

static bool id_is(const struct entry *entry, const struct local_id *id)
{
    return entry->id_len == id->len && memcmp(entry->id, id->data, id->len) == 0;
}

static struct statx_timestamp time_of(int64_t s, uint32_t ns)
{
    return (struct statx_timestamp){.tv_sec = s, .tv_nsec = ns};
}

/* The rest of the struct is larger, and nobody looks at it. */
static void entry_show(const struct entry *entry, struct statx *st)
{
    st->stx_mask = STATX_BASIC_STATS | (entry->has_btime ? STATX_BTIME : 0);
    st->stx_ino = entry->ino;
    st->stx_mode = entry->mode;
    st->stx_nlink = entry->nlink;
    st->stx_uid = entry->uid;
    st->stx_gid = entry->gid;
    st->stx_rdev_major = entry->rdev_major;
    st->stx_rdev_minor = entry->rdev_minor;
    st->stx_size = entry->size;
    st->stx_blocks = entry->blocks;
    st->stx_atime = time_of(entry->atime_s, entry->atime_ns);
    st->stx_mtime = time_of(entry->mtime_s, entry->mtime_ns);
    st->stx_ctime = time_of(entry->ctime_s, entry->ctime_ns);
    st->stx_btime = time_of(entry->btime_s, entry->btime_ns);
}

bool local_kept_of_file(struct local_kept *kept, uint64_t ino, const struct local_id *id,
                        uint32_t mount, struct statx *st)
{
    uint64_t hash = hash_u64(ino);
    struct shard *shard = shard_of(kept, hash);
    const struct entry *entry;
    bool found;

    pthread_mutex_lock(&shard->lock);
    entry = entry_find(shard, hash, ino);
    found = entry && id_is(entry, id) && entry->mount == mount && is_good(kept, entry);
    if (found)
        entry_show(entry, st);
    pthread_mutex_unlock(&shard->lock);
    return found;
}

bool local_kept_at_place(struct local_kept *kept, uint64_t ino, uint64_t place, struct statx *st,
                         struct local_id *id)
{
    uint64_t hash = hash_u64(ino);
    struct shard *shard = shard_of(kept, hash);
    const struct entry *entry;
    bool found;

    pthread_mutex_lock(&shard->lock);
    entry = entry_find(shard, hash, ino);
    found = entry && entry->place == place && is_good(kept, entry);
    if (found) {
        entry_show(entry, st);
        id->len = entry->id_len;
        memcpy(id->data, entry->id, ID_BYTES);
    }
    pthread_mutex_unlock(&shard->lock);
    return found;
}

static bool shard_grow(struct shard *shard)
{
    struct shard larger = {.sets = shard->entries ? shard->sets * 2 : SETS_MIN};

    if (larger.sets > SETS_MAX || memory_is_tight())
        return false;
    larger.entries = memory_zalloc(MEMORY_cached, larger.sets * WAYS * sizeof(struct entry));
    if (!larger.entries)
        return false;
    /* Each set becomes two, so none of the new ones can be full too early. */
    for (uint32_t i = 0; shard->entries && i < shard->sets * WAYS; i++) {
        const struct entry *old = &shard->entries[i];

        if (old->ino != 0)
            *entry_find(&larger, hash_u64(old->ino), 0) = *old;
    }
    memory_free(MEMORY_cached, shard->entries);
    shard->entries = larger.entries;
    shard->sets = larger.sets;
    return true;
}

/* One of the set that is not good any more. */
static struct entry *entry_void(struct local_kept *kept, const struct shard *shard, uint64_t hash)
{
    struct entry *set = set_of(shard, hash);

    for (unsigned i = 0; set && i < WAYS; i++) {
        if (!is_good(kept, &set[i]))
            return &set[i];
    }
    return NULL;
}

static struct entry *entry_make(struct local_kept *kept, struct shard *shard, uint64_t hash)
{
    struct entry *entry = entry_find(shard, hash, 0);

    if (!entry)
        entry = entry_void(kept, shard, hash);
    while (!entry && shard_grow(shard))
        entry = entry_find(shard, hash, 0);
    if (!entry && shard->entries)
        entry = &set_of(shard, hash)[shard->victim++ % WAYS];
    return entry;
}

static void entry_fill(struct entry *entry, const struct local_kept_look *look,
                       const struct statx *st, const struct local_id *id)
{
    *entry = (struct entry){
        .ino = st->stx_ino,
        .version = look->version,
        .place = look->place,
        .size = st->stx_size,
        .blocks = st->stx_blocks,
        .atime_s = st->stx_atime.tv_sec,
        .mtime_s = st->stx_mtime.tv_sec,
        .ctime_s = st->stx_ctime.tv_sec,
        .btime_s = st->stx_btime.tv_sec,
        .atime_ns = st->stx_atime.tv_nsec,
        .mtime_ns = st->stx_mtime.tv_nsec,
        .ctime_ns = st->stx_ctime.tv_nsec,
        .btime_ns = st->stx_btime.tv_nsec,
        .nlink = st->stx_nlink,
        .uid = st->stx_uid,
        .gid = st->stx_gid,
        .mount = (uint32_t)st->stx_mnt_id,
        .rdev_major = (uint16_t)st->stx_rdev_major,
        .rdev_minor = st->stx_rdev_minor,
        .until_s = look->until_s,
        .removals = look->removals,
        .mode = st->stx_mode,
        .has_btime = (st->stx_mask & STATX_BTIME) != 0,
        .id_len = id->len,
    };
    memcpy(entry->id, id->data, id->len);
}

void local_kept_keep(struct local_kept *kept, const struct local_kept_look *look,
                     const struct statx *st, const struct local_id *id)
{
    uint64_t hash = hash_u64(st->stx_ino);
    struct shard *shard = shard_of(kept, hash);
    struct local_kept_look renewed = *look;
    struct entry *entry;

    if (st->stx_ino == 0 || st->stx_nlink == 0 || id->len < 1 || id->len > ID_BYTES ||
        !local_version_is_good(kept->versions, st->stx_ino, look->version))
        return;
    pthread_mutex_lock(&shard->lock);
    entry = entry_find(shard, hash, st->stx_ino);
    /* It is where it was, unless its version has changed. */
    if (entry && renewed.place == 0 && entry->version == look->version && id_is(entry, id) &&
        entry->mount == (uint32_t)st->stx_mnt_id)
        renewed.place = entry->place;
    if (!entry)
        entry = entry_make(kept, shard, hash);
    if (entry)
        entry_fill(entry, &renewed, st, id);
    pthread_mutex_unlock(&shard->lock);
}

/* ---- names ---- */

static uint64_t chunk_hash(uint64_t dir_ino, int64_t pos)
{
    return hash_u64(hash_u64(dir_ino) + (uint64_t)pos);
}

static struct local_names_chunk *chunk_find(const struct shard *shard, uint64_t hash,
                                            uint64_t dir_ino, int64_t pos)
{
    for (struct hnode *n = htable_first(&shard->chunks, hash); n; n = htable_next(n)) {
        struct local_names_chunk *chunk = CONTAINER_OF(n, struct local_names_chunk, node);

        if (chunk->dir_ino == dir_ino && chunk->pos == pos)
            return chunk;
    }
    return NULL;
}

struct local_names_chunk *local_kept_names(struct local_kept *kept, uint64_t dir_ino, int64_t pos)
{
    uint64_t hash = chunk_hash(dir_ino, pos);
    struct shard *shard = shard_of(kept, hash);
    struct local_names_chunk *chunk;

    pthread_mutex_lock(&shard->lock);
    chunk = chunk_find(shard, hash, dir_ino, pos);
    if (chunk && !(local_version_is_good(kept->versions, dir_ino, chunk->version) &&
                   none_removed(kept, chunk->removals))) {
        chunk_drop_locked(shard, chunk);
        chunk = NULL;
    }
    if (chunk) {
        list_remove(&chunk->lru);
        list_push_back(&shard->lru, &chunk->lru);
        atomic_fetch_add_explicit(&chunk->refs, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&shard->lock);
    return chunk;
}

void local_names_chunk_put(struct local_names_chunk *chunk)
{
    if (chunk && atomic_fetch_sub_explicit(&chunk->refs, 1, memory_order_acq_rel) == 1)
        memory_free(MEMORY_cached, chunk);
}

const char *local_names_chunk_data(const struct local_names_chunk *chunk, size_t *bytes)
{
    *bytes = chunk->bytes;
    return chunk->data;
}

/* Make room.  False: there is none for anything. */
static bool make_room_locked(struct shard *shard, size_t bytes)
{
    while (!list_empty(&shard->lru) &&
           (shard->bytes + bytes > SHARD_NAMES_BYTES || memory_is_tight()))
        chunk_drop_locked(shard, chunk_oldest(shard));
    return shard->bytes + bytes <= SHARD_NAMES_BYTES && !memory_is_tight();
}

static void chunk_insert_locked(struct shard *shard, struct local_names_chunk *chunk, uint64_t hash)
{
    struct local_names_chunk *before = chunk_find(shard, hash, chunk->dir_ino, chunk->pos);

    if (before)
        chunk_drop_locked(shard, before);
    if (!make_room_locked(shard, sizeof(*chunk) + chunk->bytes)) {
        local_names_chunk_put(chunk);
        return;
    }
    htable_insert(&shard->chunks, &chunk->node, hash);
    list_push_back(&shard->lru, &chunk->lru);
    shard->bytes += sizeof(*chunk) + chunk->bytes;
}

void local_kept_keep_names(struct local_kept *kept, uint64_t dir_ino,
                           const struct local_kept_look *look, int64_t pos, const char *data,
                           size_t bytes)
{
    uint64_t hash = chunk_hash(dir_ino, pos);
    struct shard *shard = shard_of(kept, hash);
    struct local_names_chunk *chunk;

    if (!local_version_is_good(kept->versions, dir_ino, look->version))
        return;
    chunk = memory_zalloc(MEMORY_cached, sizeof(*chunk) + bytes);
    if (!chunk)
        return;
    atomic_init(&chunk->refs, 1);
    chunk->dir_ino = dir_ino;
    chunk->version = look->version;
    chunk->removals = look->removals;
    chunk->pos = pos;
    chunk->bytes = bytes;
    memcpy(chunk->data, data, bytes);
    pthread_mutex_lock(&shard->lock);
    chunk_insert_locked(shard, chunk, hash);
    pthread_mutex_unlock(&shard->lock);
}
