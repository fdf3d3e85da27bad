/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be written into the database, by whichever thread comes first, for all that wait. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "state/recovery/recovery_record.h"

enum change_kind {
    CHANGE_PUT,
    CHANGE_DELETE,
    CHANGE_LEASE,
};

/* On the stack or in an array of the thread that waits for it. */
struct recovery_change {
    struct list link;
    struct recovery_record *record; /* NULL for CHANGE_LEASE */
    enum change_kind kind;
    bool lost;
    bool done, ok;
};

/* What waits is written as a whole, in one transaction.  `change` must live until it is done. */
void recovery_queue_add_locked(struct recovery *r, struct recovery_change *change);

/* May one more thread wait where `most` may?  A disk that hangs shall not take them all. */
bool recovery_queue_has_room_locked(const struct recovery *r, uint32_t most);

/* Wait for changes that were added; gives the lock back for the time.  True: all are written. */
bool recovery_queue_wait_locked(struct recovery *r, const struct recovery_change *changes,
                                size_t count);
