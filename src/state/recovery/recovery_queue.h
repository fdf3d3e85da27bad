/* SPDX-License-Identifier: Apache-2.0 */
/* Changes to be written to the database.  The first thread to come writes them for all that
 * wait. */
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
    CHANGE_NONE, /* write what is there, to see whether that is possible */
};

/* On the stack, or in an array, of the thread that waits for it. */
struct recovery_change {
    struct list link;
    struct recovery_record *record; /* NULL for CHANGE_LEASE and _NONE */
    enum change_kind kind;
    bool lost;
    bool done, ok;
};

/* All queued changes are written in one transaction.  `change` must live until it is done. */
void recovery_queue_add_locked(struct recovery *r, struct recovery_change *change);

/* May one more thread wait, of at most `most`?  A disk that hangs must not block all threads. */
bool recovery_queue_has_room_locked(const struct recovery *r, uint32_t most);

/* Wait for changes that were added; releases the lock meanwhile.  True: all are written. */
bool recovery_queue_wait_locked(struct recovery *r, const struct recovery_change *changes,
                                size_t count);
