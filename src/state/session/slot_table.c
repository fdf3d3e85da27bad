/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of slots: its chunks, and the three sizes of slot_table.h.
 */
#include "state/session/slot_table.h"

#include "base/check.h"
#include "base/memory.h"

/* enforced:16, target:16, generation:31, settled:1; LIMIT_SLOTS fits. */
static uint64_t grant_pack(const struct slot_grant *grant)
{
    return (uint64_t)grant->enforced << 48 | (uint64_t)grant->target << 32 |
           (uint64_t)grant->generation << 1 | grant->settled;
}

struct slot_grant slot_table_grant(const struct slot_table *table)
{
    uint64_t word = atomic_load_explicit(&table->grant, memory_order_acquire);

    return (struct slot_grant){.enforced = (uint32_t)(word >> 48),
                               .target = (uint32_t)(word >> 32) & 0xffff,
                               .generation = (uint32_t)word >> 1,
                               .settled = word & 1};
}

/* The slots that it lets in are ready before it says so. */
static void grant_publish(struct slot_table *table, struct slot_grant grant)
{
    grant.generation = (grant.generation + 1) & (UINT32_MAX >> 1);
    if (grant.generation == 0)
        grant.generation = 1;
    atomic_store_explicit(&table->grant, grant_pack(&grant), memory_order_release);
}

void slot_table_init(struct slot_table *table, uint32_t count)
{
    const struct slot_grant grant = {.enforced = count, .target = count, .generation = 1};

    CHECK(count > 0 && count <= LIMIT_SLOTS);
    atomic_init(&table->grant, grant_pack(&grant));
    atomic_init(&table->kept, count);
    atomic_init(&table->high, count);
    atomic_init(&table->resizing, false);
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
            slot_fini(&chunk[j]);
        memory_free(MEMORY_sessions, chunk);
        atomic_store_explicit(&table->chunks[i], NULL, memory_order_relaxed);
    }
}

/* The winner's CAS pairs with the loads here and in slot_there(); seq_cst for slot_busy(), too. */
static struct slot *chunk_make(_Atomic(struct slot *) *place)
{
    struct slot *chunk = memory_alloc_aligned(MEMORY_sessions, _Alignof(struct slot),
                                              SLOT_CHUNK * sizeof(struct slot));
    struct slot *there = NULL;

    if (!chunk)
        return NULL;
    for (size_t i = 0; i < SLOT_CHUNK; i++)
        slot_init(&chunk[i]);
    if (atomic_compare_exchange_strong_explicit(place, &there, chunk, memory_order_seq_cst,
                                                memory_order_acquire))
        return chunk;
    memory_free(MEMORY_sessions, chunk);
    return there;
}

/* NULL when neither it nor a neighbour was used yet. */
static struct slot *slot_there(struct slot_table *table, uint32_t id)
{
    struct slot *chunk =
        atomic_load_explicit(&table->chunks[id / SLOT_CHUNK], memory_order_seq_cst);

    return chunk ? &chunk[id % SLOT_CHUNK] : NULL;
}

struct slot *slot_at(struct slot_table *table, uint32_t id)
{
    struct slot *slot, *chunk;

    CHECK(id < LIMIT_SLOTS);
    slot = slot_there(table, id);
    if (slot)
        return slot;
    chunk = chunk_make(&table->chunks[id / SLOT_CHUNK]);
    return chunk ? &chunk[id % SLOT_CHUNK] : NULL;
}

uint32_t slot_table_busy(struct slot_table *table, uint32_t except)
{
    uint32_t busy = 0;

    for (uint32_t i = 0; i < LIMIT_SLOTS; i += SLOT_CHUNK) {
        struct slot *chunk = slot_there(table, i);

        for (uint32_t j = 0; chunk && j < SLOT_CHUNK; j++)
            busy += i + j != except && slot_busy(&chunk[j]);
    }
    return busy;
}

uint64_t slot_table_requests(struct slot_table *table)
{
    uint64_t requests = 0;

    for (uint32_t i = 0; i < LIMIT_SLOTS; i += SLOT_CHUNK) {
        const struct slot *chunk = slot_there(table, i);

        for (uint32_t j = 0; chunk && j < SLOT_CHUNK; j++)
            requests += slot_seqid(&chunk[j]);
    }
    return requests;
}

uint32_t slot_table_view(struct slot_table *table, struct slot_view *views, uint32_t most)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < LIMIT_SLOTS && count < most; i++) {
        const struct slot *slot = slot_there(table, i);
        struct slot_view view = {.id = i};

        if (!slot)
            continue;
        view.seqid = slot_seqid(slot);
        view.busy = slot_busy(slot);
        if (view.seqid > 0 || view.busy)
            views[count++] = view;
    }
    return count;
}

uint64_t slot_table_reply_bytes(struct slot_table *table)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < LIMIT_SLOTS; i += SLOT_CHUNK) {
        const struct slot *chunk = slot_there(table, i);

        for (uint32_t j = 0; chunk && j < SLOT_CHUNK; j++)
            bytes += chunk[j].reply_size;
    }
    return bytes;
}

bool slot_table_resize_try(struct slot_table *table)
{
    return !atomic_load_explicit(&table->resizing, memory_order_relaxed) &&
           !atomic_exchange_explicit(&table->resizing, true, memory_order_acquire);
}

void slot_table_resize_end(struct slot_table *table)
{
    atomic_store_explicit(&table->resizing, false, memory_order_release);
}

void slot_table_grow(struct slot_table *table, uint32_t count)
{
    struct slot_grant grant = slot_table_grant(table);

    CHECK(count >= grant.enforced && count <= LIMIT_SLOTS);
    CHECK(grant.enforced == slot_table_kept(table));
    for (uint32_t i = grant.enforced; i < count; i++) {
        struct slot *slot = slot_there(table, i);

        if (slot)
            slot_revive(slot);
    }
    atomic_store_explicit(&table->kept, count, memory_order_relaxed);
    atomic_store_explicit(&table->high, count, memory_order_relaxed);
    grant.enforced = grant.target = count;
    grant.settled = false;
    grant_publish(table, grant);
}

void slot_table_set_target(struct slot_table *table, uint32_t target)
{
    struct slot_grant grant = slot_table_grant(table);

    CHECK(target > 0 && target <= grant.enforced);
    if (target == grant.target)
        return;
    grant.target = target;
    grant.settled = false;
    grant_publish(table, grant);
}

/* Has each slot up to `highest` told this target in its last reply, or nothing ever? */
static bool target_told(struct slot_table *table, uint32_t generation, uint32_t highest)
{
    for (uint32_t i = 0; i <= highest; i++) {
        const struct slot *slot = slot_there(table, i);
        uint32_t told =
            slot ? atomic_load_explicit(&slot->told_generation, memory_order_acquire) : 0;

        if (told != 0 && told != generation)
            return false;
    }
    return true;
}

/* From the top, as far as no slot is in use. */
static int64_t retire_down_to(struct slot_table *table, uint32_t count)
{
    uint32_t kept = slot_table_kept(table);
    int64_t grown = 0;

    for (; kept > count; kept--) {
        struct slot *slot = slot_there(table, kept - 1);

        if (slot && !slot_retire(slot, &grown))
            break;
    }
    atomic_store_explicit(&table->kept, kept, memory_order_relaxed);
    return grown;
}

int64_t slot_table_retire_unused(struct slot_table *table, const struct slot *slot,
                                 uint32_t highest)
{
    struct slot_grant grant = slot_table_grant(table);
    uint32_t told = atomic_load_explicit(&slot->told_generation, memory_order_relaxed);
    int64_t grown;

    /* Forced.  The request follows a reply told since then: what was executed beyond was sent
     * before, and is not outstanding any more. */
    if (grant.enforced == grant.target)
        return told == grant.generation && highest < grant.enforced
                   ? retire_down_to(table, grant.enforced)
                   : 0;
    if (!grant.settled) {
        if (told == grant.generation && highest < grant.enforced &&
            target_told(table, grant.generation, highest)) {
            grant.settled = true;
            grant_publish(table, grant);
        }
        return 0;
    }
    if (told != grant.generation || highest >= grant.target)
        return 0;
    grown = retire_down_to(table, grant.target);
    if (slot_table_kept(table) < grant.enforced) { /* a slot in use may have stopped it */
        grant.enforced = slot_table_kept(table);
        grant_publish(table, grant);
    }
    return grown;
}

bool slot_table_enforce_target(struct slot_table *table)
{
    struct slot_grant grant = slot_table_grant(table);

    for (uint32_t i = grant.target; i < grant.enforced; i++) {
        const struct slot *slot = slot_there(table, i);

        if (slot && slot_busy(slot))
            return false;
    }
    grant.enforced = grant.target;
    atomic_store_explicit(&table->high, grant.enforced, memory_order_relaxed);
    grant_publish(table, grant);
    return true;
}

int64_t slot_table_retire_all(struct slot_table *table)
{
    int64_t grown = 0;

    for (uint32_t i = 0; i < LIMIT_SLOTS; i += SLOT_CHUNK) {
        struct slot *chunk = slot_there(table, i);

        for (uint32_t j = 0; chunk && j < SLOT_CHUNK; j++)
            (void)slot_retire(&chunk[j], &grown);
    }
    return grown;
}

void slot_table_forget_high(struct slot_table *table)
{
    atomic_store_explicit(&table->high, slot_table_grant(table).enforced, memory_order_relaxed);
}
