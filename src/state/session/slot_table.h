/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slots of a session's fore channel, and how many of them there are (RFC 8881 §2.10.6.1).
 *
 *     0 ......... target ......... enforced ......... kept ......... LIMIT_SLOTS
 *       used as ever   to be left        retries only      BADSLOT
 *
 * Usually the three are one.  The hot path reads one atomic word, {enforced, target, generation};
 * the thread that changes it holds `resizing`, which no thread waits for.  slot_table_comply() says
 * how a table shrinks.  Memory comes in chunks of 16 slots, at the first use of one of them, and
 * stays as long as the session: a retired slot remembers its seqid.
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

/* What SEQUENCE tells the client; counts, not highest ids. */
struct slot_grant {
    uint32_t enforced, target;
    uint32_t generation; /* never 0; a new one with each change */
    bool settled;        /* all replies that told another target have been seen */
};

struct slot_table {
    _Atomic uint64_t grant; /* a struct slot_grant, packed */
    _Atomic uint32_t kept;
    _Atomic uint32_t high; /* sa_highest_slotid must be below */
    _Atomic bool resizing;
    _Atomic(struct slot *) chunks[SLOT_CHUNKS_MAX];
};

void slot_table_init(struct slot_table *table, uint32_t count);

/* Free everything; no slot may be in use. */
void slot_table_fini(struct slot_table *table);

/* Slot `id`, which must be below LIMIT_SLOTS; makes its chunk, or is NULL without memory.  Thread
 * safe. */
struct slot *slot_at(struct slot_table *table, uint32_t id);

struct slot_grant slot_table_grant(const struct slot_table *table);

static inline uint32_t slot_table_kept(const struct slot_table *table)
{
    return atomic_load_explicit(&table->kept, memory_order_relaxed);
}

/* Usually what is enforced.  After a client has left slots it is what was enforced before, for as
 * long as requests may be under way that were sent when those slots were in use. */
static inline uint32_t slot_table_high(const struct slot_table *table)
{
    return atomic_load_explicit(&table->high, memory_order_relaxed);
}

/* Slots whose request is in progress, leaving out slot `except` (UINT32_MAX: none). */
uint32_t slot_table_busy(struct slot_table *table, uint32_t except);

/* Bytes of kept replies; call it only when no slot is in use. */
uint64_t slot_table_reply_bytes(struct slot_table *table);

/* Get the right to change sizes, with the functions below.  False: another thread has it. */
bool slot_table_resize_try(struct slot_table *table);
void slot_table_resize_end(struct slot_table *table);

/* Enforce, keep and aim at `count` slots, not fewer than there are.  Nothing may be beyond what is
 * enforced.  Slots that were retired can be used again; the client must have seen that they
 * were. */
void slot_table_grow(struct slot_table *table, uint32_t count);

/* Want the client to use `target` slots: not more than are enforced, and not less than one. */
void slot_table_aim(struct slot_table *table, uint32_t target);

/* A new request of `slot` has come with sa_highest_slotid `highest`, and has not been answered:
 * leave the slots beyond the target if it shows that the client cannot be using them any more.
 * That is a proof in two steps, since a client that gets two replies may take either for the newer
 * one:
 *
 *   1. Each slot up to `highest` has told the target in its last reply, so its reply before that
 *      has been seen; and those beyond `highest` had no request outstanding when this one was sent,
 *      which was after a reply that told the target, since its own slot's last one did.  (One in a
 *      slot that was never used may be as old as can be.)  So no reply that tells another target is
 *      under way: the table is settled.
 *   2. The request follows, in its slot, a reply told since then.  So the client knows the target
 *      for good, and, `highest` being below it, uses no slot beyond.
 *
 * Returns by how many bytes the memory for replies has changed. */
int64_t slot_table_comply(struct slot_table *table, const struct slot *slot, uint32_t highest);

/* Enforce the target against a client that ignores it (RFC 8881 §2.10.6.1); what is beyond is kept
 * for retries.  False when a request is in progress there. */
bool slot_table_force(struct slot_table *table);

/* Retire every slot that is not in use, for good.  Returns by how many bytes the memory for replies
 * has changed. */
int64_t slot_table_retire_all(struct slot_table *table);

/* Requests that were sent when more slots were in use have all arrived by now. */
void slot_table_forget_high(struct slot_table *table);
