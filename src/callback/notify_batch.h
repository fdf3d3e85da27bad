/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The notices that one CB_COMPOUND takes to a client: an operation CB_NOTIFY for consecutive ones
 * of the same delegation.  Encoded when they are added, so that repetitions are the same.  No
 * locks: a batch belongs to whoever fills it, or waits for its answer.
 */
#pragma once

#include "base/limits.h"
#include "callback/callback_notify.h"
#include "callback/callback_room.h"
#include "callback/cb_op.h"
#include "state/delegation/delegation_notify.h"
#include "wire/notify.h"

enum {
    /* A CB_NOTIFY without changes, of the longest filehandle; with the largest one. */
    NOTIFY_BATCH_HEAD_BYTES = 4 + 16 + 4 + LIMIT_FH_BYTES + 4,
    NOTIFY_BATCH_BYTES_MIN = NOTIFY_BATCH_HEAD_BYTES + NOTIFY_BARE_BYTES,
};

struct notify_batch {
    struct callback_room room;
    uint32_t used;         /* bytes of all operations */
    uint32_t change_count; /* those of all operations, behind one another in `changes` */
    uint32_t filled;       /* bytes of them in `bytes` */
    uint32_t count;        /* operations */
    struct delegation *of[LIMIT_CALLBACK_OPS]; /* which each one is for; a reference */
    struct cb_op ops[LIMIT_CALLBACK_OPS];
    struct notify4 changes[LIMIT_CALLBACK_NOTICES];
    uint8_t bytes[LIMIT_CALLBACK_CALL_BYTES];
};

/* Empty, for a call with so much room. */
void notify_batch_init(struct notify_batch *batch, struct callback_room room);

enum notify_batch_result {
    NOTIFY_BATCH_ADDED,
    NOTIFY_BATCH_FULL,  /* it does not fit in this one */
    NOTIFY_BATCH_LARGE, /* it does not fit in any: the batch is empty */
};

/* Add a notice, which the caller keeps.  Attributes come from the hook.  In an empty batch those
 * that don't fit are left out, but not the filehandle and fileid, if possible; CHANGE_CHILD_ATTRS
 * and CHANGE_DIR_ATTRS consist of nothing else.  A batch has only one delegation whose holder may
 * not have seen the reply that granted it, because a callback names one request only. */
enum notify_batch_result notify_batch_add(struct notify_batch *batch,
                                          const struct delegation_notice *notice,
                                          const struct callback_notify_hook *hook);

/* The request that the batch refers to; NULL: none. */
const struct session_call *notify_batch_after(const struct notify_batch *batch);

/* The client has accepted the first `count` operations: they are told, and leave the batch. */
void notify_batch_accepted(struct notify_batch *batch, uint32_t count);

/* The operations of this delegation leave; or of those whose holder is
 * to be told nothing more. */
void notify_batch_drop(struct notify_batch *batch, const struct delegation *delegation);
void notify_batch_drop_over(struct notify_batch *batch);

/* All leave. */
void notify_batch_clear(struct notify_batch *batch);
