/* SPDX-License-Identifier: Apache-2.0 */
/* Delegations that are recalled: which they are, since when, and the call of callback/'s hook. */
#pragma once

#include "state/delegation/delegation.h"

/* With file->lock, if it is not recalled yet: it is from now on, and goes to `recalls` with a
 * reference.  Its holder is told no more changes. */
void delegation_recall_locked(struct delegation *delegation, int64_t now_ns, struct list *recalls);

/* The same without a lock, and with the call of the hook.  True: the recall has begun. */
bool delegation_recall(struct delegation *delegation, int64_t now_ns);

/* With file->lock: it has ended, or is about to. */
void delegation_recall_forget_locked(struct delegation *delegation);

/* With file.lock: it is not to be extended. */
void delegation_mark_wanted_locked(struct delegation *delegation);

/* The calls that follow, without a lock. */
void delegation_recall_hooks(struct state *state, struct list *recalls);
