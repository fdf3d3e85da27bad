/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slots of a session's fore channel, and their number (RFC 8881 §2.10.6.1).
 *
 *     0 ......... target ......... enforced ......... kept ......... LIMIT_SLOTS
 *       in use            to be given up    retries only     BADSLOT
 *
 * Usually the three are equal.  The hot path reads one atomic word, {enforced, target, generation};
 * it is changed by the thread that holds `resizing`, for which no thread waits.
 * slot_table_retire_unused() describes how a table shrinks.  Memory is allocated in chunks of 16
 * slots, at the first use of one of them, and stays until the session is freed: a retired slot
 * remembers its seqid.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "state/session/slot.h"

enum {
    SLOT_CHUNK = 16,
    SLOT_CHUNKS_MAX = LIMIT_SLOTS / SLOT_CHUNK
};

/* What SEQUENCE reports to the client; counts, not highest IDs. */
struct slot_grant {
    uint32_t enforced, target;
    uint32_t generation; /* never 0; changes with the rest */
    bool settled;        /* all replies with another target have been seen */
};

struct slot_table {
    _Atomic uint64_t grant; /* a struct slot_grant, packed */
    _Atomic uint32_t kept;
    _Atomic uint32_t high; /* sa_highest_slotid must be below this */
    _Atomic bool resizing;
    _Atomic(struct slot *) chunks[SLOT_CHUNKS_MAX];
};

void slot_table_init(struct slot_table *table, uint32_t count);

/* Free everything.  No slot may be in use. */
void slot_table_fini(struct slot_table *table);

/* Slot `id`, which must be below LIMIT_SLOTS; allocates its chunk.  NULL without memory.  Thread
 * safe. */
struct slot *slot_at(struct slot_table *table, uint32_t id);

struct slot_grant slot_table_grant(const struct slot_table *table);

static inline uint32_t slot_table_kept(const struct slot_table *table)
{
    return atomic_load_explicit(&table->kept, memory_order_relaxed);
}

/* Usually equal to `enforced`.  After a client has given up slots it is the previous value, as long
 * as requests may be under way that were sent when those slots were in use. */
static inline uint32_t slot_table_high(const struct slot_table *table)
{
    return atomic_load_explicit(&table->high, memory_order_relaxed);
}

/* Number of slots with a request in progress, except slot `except` (UINT32_MAX: none). */
uint32_t slot_table_busy(struct slot_table *table, uint32_t except);

/* New requests so far, as the slots' seqids tell: of a slot that was given up and taken again, the
 * client may begin at 1. */
uint64_t slot_table_requests(struct slot_table *table);

/* What a slot is doing, for users. */
struct slot_view {
    uint32_t id;
    uint32_t seqid;
    bool busy; /* with a new request in progress */
};

/* The slots that were ever used, in their order, up to `most`.  Returns their number. */
uint32_t slot_table_view(struct slot_table *table, struct slot_view *views, uint32_t most);

/* Bytes of cached replies.  Only when no slot is in use. */
uint64_t slot_table_reply_bytes(struct slot_table *table);

/* Try to get the right to change sizes, for the functions below.  False: another thread has it. */
bool slot_table_resize_try(struct slot_table *table);
void slot_table_resize_end(struct slot_table *table);

/* Set `enforced`, `kept` and target to `count`, which must not be less than they are; `kept` must
 * equal `enforced`.  Retired slots become usable again; the client must have seen that they were
 * retired. */
void slot_table_grow(struct slot_table *table, uint32_t count);

/* Set the target: how many slots the client should use, from 1 to `enforced`. */
void slot_table_set_target(struct slot_table *table, uint32_t target);

/* A new request in `slot` has arrived with sa_highest_slotid `highest` and has not been answered:
 * give up the slots beyond the target if it proves that the client cannot be using them any more.
 * The proof has two steps, because a client that receives two replies may take either for the newer
 * one:
 *
 * - The last reply of each slot up to `highest` reported the target, so its earlier replies have
 *   been seen.  And no slot beyond `highest` had a request outstanding when this one was sent,
 *   which was after a reply that reported the target, since the last reply of its own slot did.  (A
 *   request in a slot that was never used may be arbitrarily old.)  So no reply with another target
 *   is under way: the table is settled.
 * - The request follows, in its slot, a reply sent since then.  So the client knows the target for
 *   good and, since `highest` is below it, uses no slot beyond.
 *
 * Returns the change of the memory for replies. */
int64_t slot_table_retire_unused(struct slot_table *table, const struct slot *slot,
                                 uint32_t highest);

/* Enforce the target on a client that ignores it (RFC 8881 §2.10.6.1).  Slots beyond it are kept
 * for retries.  False if a request is in progress there. */
bool slot_table_enforce_target(struct slot_table *table);

/* Retire all slots that are not in use, for good.  Returns the change of the memory for replies. */
int64_t slot_table_retire_all(struct slot_table *table);

/* All requests sent when more slots were in use have arrived by now. */
void slot_table_forget_high(struct slot_table *table);
