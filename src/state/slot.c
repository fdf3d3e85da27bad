/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots: the transitions of slot.h, nothing else.  Sizes, slot ids and operation counts have been
 * checked before a slot is touched.
 */
#include "state/slot.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

static uint64_t word_make(uint32_t seqid, enum slot_state state)
{
    return (uint64_t)seqid << 32 | (uint64_t)state;
}

static uint32_t word_seqid(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

static enum slot_state word_state(uint64_t word)
{
    return (enum slot_state)(word & 0xff);
}

void slot_table_init(struct slot_table *table, uint32_t count)
{
    CHECK(count > 0 && count <= LIMIT_SLOTS);
    table->count = count;
    for (size_t i = 0; i < SLOT_CHUNKS_MAX; i++)
        atomic_init(&table->chunks[i], NULL);
}

void slot_table_fini(struct slot_table *table)
{
    for (size_t i = 0; i < SLOT_CHUNKS_MAX; i++) {
        struct slot *chunk = atomic_load_explicit(&table->chunks[i], memory_order_acquire);

        if (!chunk)
            continue;
        for (size_t j = 0; j < SLOT_CHUNK; j++)
            free(chunk[j].reply);
        free(chunk);
        atomic_store_explicit(&table->chunks[i], NULL, memory_order_relaxed);
    }
}

/* The release of the winner's CAS pairs with the acquire loads here and in slot_at(). */
static struct slot *chunk_make(_Atomic(struct slot *) *place)
{
    struct slot *chunk = aligned_alloc(_Alignof(struct slot), SLOT_CHUNK * sizeof(struct slot));
    struct slot *there = NULL;

    CHECK(chunk != NULL);
    memset(chunk, 0, SLOT_CHUNK * sizeof(struct slot));
    for (size_t i = 0; i < SLOT_CHUNK; i++)
        atomic_init(&chunk[i].word, word_make(0, SLOT_STATE_FRESH));
    if (atomic_compare_exchange_strong_explicit(place, &there, chunk, memory_order_release,
                                                memory_order_acquire))
        return chunk;
    free(chunk);
    return there;
}

struct slot *slot_at(struct slot_table *table, uint32_t id)
{
    _Atomic(struct slot *) *place;
    struct slot *chunk;

    CHECK(id < table->count);
    place = &table->chunks[id / SLOT_CHUNK];
    chunk = atomic_load_explicit(place, memory_order_acquire);
    if (!chunk)
        chunk = chunk_make(place);
    return &chunk[id % SLOT_CHUNK];
}

static bool request_equal(const struct slot_request *a, const struct slot_request *b)
{
    return a->digest == b->digest && a->flavor == b->flavor && a->uid == b->uid;
}

/* The caller has moved the slot to READING. */
static enum slot_verdict read_kept(const struct slot *slot, enum slot_state state,
                                   const struct slot_request *request, struct slot_replay *replay)
{
    if (!request_equal(&slot->request, request))
        return SLOT_FALSE_RETRY;
    if (state != SLOT_STATE_CACHED || slot->reply_len > replay->size)
        return SLOT_UNCACHED;
    memcpy(replay->data, slot->reply, slot->reply_len);
    replay->len = slot->reply_len;
    return SLOT_REPLAY;
}

static enum slot_verdict acquire_retry(struct slot *slot, uint64_t word,
                                       const struct slot_request *request,
                                       struct slot_replay *replay)
{
    uint64_t reading = word_make(word_seqid(word), SLOT_STATE_READING);
    enum slot_verdict verdict;

    if (!atomic_compare_exchange_strong_explicit(&slot->word, &word, reading, memory_order_acquire,
                                                 memory_order_relaxed))
        return SLOT_BUSY;
    verdict = read_kept(slot, word_state(word), request, replay);
    atomic_store_explicit(&slot->word, word, memory_order_release);
    return verdict;
}

enum slot_verdict slot_acquire(struct slot *slot, uint32_t seqid,
                               const struct slot_request *request, struct slot_replay *replay)
{
    uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);
    uint32_t last = word_seqid(word);
    enum slot_state state = word_state(word);
    bool in_use = state == SLOT_STATE_BUSY || state == SLOT_STATE_READING;

    replay->len = 0;
    replay->expected = last + 1;
    replay->state = state;
    if (seqid == last && state != SLOT_STATE_FRESH)
        return in_use ? SLOT_BUSY : acquire_retry(slot, word, request, replay);
    if (seqid != last + 1)
        return SLOT_MISORDERED;
    /* The next seqid while the last one executes breaks the rules (RFC 8881 §2.10.6.2); while a
     * retry of it is being answered it is only early. */
    if (state == SLOT_STATE_BUSY)
        return SLOT_MISORDERED;
    if (state == SLOT_STATE_READING)
        return SLOT_BUSY;
    if (!atomic_compare_exchange_strong_explicit(&slot->word, &word,
                                                 word_make(seqid, SLOT_STATE_BUSY),
                                                 memory_order_acquire, memory_order_relaxed))
        return SLOT_BUSY;
    slot->request = *request;
    return SLOT_NEW;
}

/* A buffer is kept as long as it is not much too large for what it holds. */
static bool reply_fits(const struct slot *slot, uint32_t len)
{
    return len <= slot->reply_size && slot->reply_size <= 2 * len + 128;
}

int64_t slot_release(struct slot *slot, const void *reply, uint32_t len)
{
    uint32_t seqid = word_seqid(atomic_load_explicit(&slot->word, memory_order_relaxed));
    uint32_t before = slot->reply_size;

    if (!reply)
        len = 0;
    if (!reply_fits(slot, len)) {
        free(slot->reply);
        slot->reply = len ? must_malloc(len) : NULL;
        slot->reply_size = len;
    }
    if (len)
        memcpy(slot->reply, reply, len);
    slot->reply_len = len;
    int64_t grown = (int64_t)slot->reply_size - (int64_t)before;
    atomic_store_explicit(&slot->word,
                          word_make(seqid, reply ? SLOT_STATE_CACHED : SLOT_STATE_UNCACHED),
                          memory_order_release);
    return grown;
}

uint32_t slot_table_busy(struct slot_table *table, uint32_t except)
{
    uint32_t busy = 0;

    for (uint32_t i = 0; i < table->count; i++) {
        struct slot *chunk =
            atomic_load_explicit(&table->chunks[i / SLOT_CHUNK], memory_order_acquire);

        if (!chunk || i == except)
            continue;
        if (word_state(atomic_load_explicit(&chunk[i % SLOT_CHUNK].word, memory_order_acquire)) ==
            SLOT_STATE_BUSY)
            busy++;
    }
    return busy;
}

uint64_t slot_table_reply_bytes(struct slot_table *table)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < table->count; i++) {
        struct slot *chunk =
            atomic_load_explicit(&table->chunks[i / SLOT_CHUNK], memory_order_acquire);

        if (chunk)
            bytes += chunk[i % SLOT_CHUNK].reply_size;
    }
    return bytes;
}
