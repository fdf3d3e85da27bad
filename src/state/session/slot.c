/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots: the transitions of slot.h, nothing else.  Sizes, slot ids and operation counts have been
 * checked before a slot is touched.
 */
#include "state/session/slot.h"

#include <string.h>

#include "base/check.h"
#include "base/memory.h"

/* A buffer is kept for a shorter reply while it has at most 2 * len + SPARE_BYTES: the replies to
 * OPEN and to CLOSE, in turn, use the same one. */
enum {
    SPARE_BYTES = 384
};

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

void slot_init(struct slot *slot)
{
    memset(slot, 0, sizeof(*slot));
    atomic_init(&slot->word, word_make(0, SLOT_STATE_FRESH));
    atomic_init(&slot->told_generation, 0);
}

void slot_fini(struct slot *slot)
{
    memory_free(MEMORY_sessions, slot->reply);
}

/* Become the owner of an idle slot without changing what it says to others for good. */
static bool word_to_reading(struct slot *slot, uint64_t word)
{
    uint64_t reading = word_make(word_seqid(word), SLOT_STATE_READING);

    return atomic_compare_exchange_strong_explicit(&slot->word, &word, reading,
                                                   memory_order_acquire, memory_order_relaxed);
}

static bool state_in_use(enum slot_state state)
{
    return state == SLOT_STATE_BUSY || state == SLOT_STATE_READING;
}

/* Has the slot a last request that can be retried? */
static bool state_has_last(enum slot_state state)
{
    return state != SLOT_STATE_FRESH && state != SLOT_STATE_RETIRED;
}

static void replay_describe(struct slot_replay *replay, uint64_t word)
{
    replay->len = 0;
    replay->expected = word_seqid(word) + 1;
    replay->state = word_state(word);
}

/* The reply to a call that was encrypted must not go over the network in the clear, and one that
 * may tell what is in an export for certain certificates, to nobody without one of that machine. */
static bool is_retry_of(const struct slot_request *kept, const struct slot_request *retry)
{
    return kept->digest == retry->digest &&
           client_principal_equal(kept->principal, retry->principal) &&
           (kept->machine == 0 || kept->machine == retry->machine) &&
           retry->protection >= kept->protection;
}

/* The caller has moved the slot to READING. */
static enum slot_verdict read_kept(const struct slot *slot, enum slot_state state,
                                   const struct slot_request *request, struct slot_replay *replay)
{
    if (!is_retry_of(&slot->request, request))
        return SLOT_FALSE_RETRY;
    if (state != SLOT_STATE_CACHED || slot->reply_len > replay->size)
        return SLOT_UNCACHED;
    memcpy(replay->data, slot->reply, slot->reply_len);
    replay->len = slot->reply_len;
    return SLOT_REPLAY;
}

static enum slot_verdict kept_answer(struct slot *slot, uint64_t word,
                                     const struct slot_request *request, struct slot_replay *replay)
{
    enum slot_verdict verdict;

    if (!word_to_reading(slot, word))
        return SLOT_BUSY;
    verdict = read_kept(slot, word_state(word), request, replay);
    atomic_store_explicit(&slot->word, word, memory_order_release);
    return verdict;
}

/* The next seqid while the last one executes breaks the rules (RFC 8881 §2.10.6.2); while a retry
 * of it is being answered it is only early. */
static enum slot_verdict acquire_next(struct slot *slot, uint64_t word, uint32_t seqid,
                                      const struct slot_request *request)
{
    if (word_state(word) == SLOT_STATE_BUSY)
        return SLOT_MISORDERED;
    if (word_state(word) == SLOT_STATE_READING)
        return SLOT_BUSY;
    if (!atomic_compare_exchange_strong_explicit(&slot->word, &word,
                                                 word_make(seqid, SLOT_STATE_BUSY),
                                                 memory_order_seq_cst, memory_order_relaxed))
        return SLOT_BUSY;
    slot->request = *request;
    return SLOT_NEW;
}

enum slot_verdict slot_acquire(struct slot *slot, uint32_t seqid,
                               const struct slot_request *request, struct slot_replay *replay)
{
    uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);
    enum slot_state state = word_state(word);

    replay_describe(replay, word);
    if (state == SLOT_STATE_RETIRED)
        return SLOT_GONE;
    if (seqid == word_seqid(word) && state_has_last(state))
        return state_in_use(state) ? SLOT_BUSY : kept_answer(slot, word, request, replay);
    if (seqid == word_seqid(word) + 1 || (state == SLOT_STATE_FRESH && seqid == 1))
        return acquire_next(slot, word, seqid, request);
    return SLOT_MISORDERED;
}

enum slot_verdict slot_acquire_retry(struct slot *slot, uint32_t seqid,
                                     const struct slot_request *request, struct slot_replay *replay,
                                     int64_t *grown)
{
    uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);
    enum slot_state state = word_state(word);

    replay_describe(replay, word);
    *grown = 0;
    if (state_has_last(state) && seqid == word_seqid(word))
        return state_in_use(state) ? SLOT_BUSY : kept_answer(slot, word, request, replay);
    if (state_has_last(state) && seqid == word_seqid(word) + 1 && !slot_retire(slot, grown))
        return SLOT_BUSY;
    return SLOT_GONE;
}

bool slot_is_retry(const struct slot *slot, uint32_t seqid)
{
    uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);

    return state_has_last(word_state(word)) && seqid == word_seqid(word);
}

/* A buffer is kept as long as it is not much too large for what it holds. */
static bool reply_fits(const struct slot *slot, uint32_t len)
{
    return len <= slot->reply_size && slot->reply_size <= 2 * len + SPARE_BYTES;
}

/* Room for a reply of `len` bytes: a buffer that is too large will do when there is no other.
 * False without memory. */
static bool reply_room(struct slot *slot, uint32_t len)
{
    uint8_t *fresh = NULL;

    if (reply_fits(slot, len))
        return true;
    if (len > 0)
        fresh = memory_alloc(MEMORY_sessions, len);
    if (len > 0 && !fresh)
        return len <= slot->reply_size;
    memory_free(MEMORY_sessions, slot->reply);
    slot->reply = fresh;
    slot->reply_size = len;
    return true;
}

int64_t slot_release(struct slot *slot, const void *reply, uint32_t len)
{
    uint32_t seqid = word_seqid(atomic_load_explicit(&slot->word, memory_order_relaxed));
    uint32_t before = slot->reply_size;

    if (!reply)
        len = 0;
    if (!reply_room(slot, len)) {
        reply = NULL;
        len = 0;
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

bool slot_retire(struct slot *slot, int64_t *grown)
{
    uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);

    if (word_state(word) == SLOT_STATE_RETIRED)
        return true;
    if (state_in_use(word_state(word)) || !word_to_reading(slot, word))
        return false;
    *grown -= (int64_t)slot->reply_size;
    memory_free(MEMORY_sessions, slot->reply);
    slot->reply = NULL;
    slot->reply_len = slot->reply_size = 0;
    atomic_store_explicit(&slot->told_generation, 0, memory_order_relaxed);
    atomic_store_explicit(&slot->word, word_make(word_seqid(word), SLOT_STATE_RETIRED),
                          memory_order_release);
    return true;
}

void slot_revive(struct slot *slot)
{
    uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);

    if (word_state(word) == SLOT_STATE_RETIRED)
        atomic_compare_exchange_strong_explicit(&slot->word, &word,
                                                word_make(word_seqid(word), SLOT_STATE_FRESH),
                                                memory_order_release, memory_order_relaxed);
}

uint32_t slot_seqid(const struct slot *slot)
{
    return word_seqid(atomic_load_explicit(&slot->word, memory_order_acquire));
}

bool slot_busy(const struct slot *slot)
{
    return word_state(atomic_load_explicit(&slot->word, memory_order_seq_cst)) == SLOT_STATE_BUSY;
}
