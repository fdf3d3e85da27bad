/* SPDX-License-Identifier: Apache-2.0 */
/* Lock owners that wait for byte-range locks, as users are shown them: state_view.h. */
#pragma once

#include <stdbool.h>

#include "state/file/lock_tree.h"
#include "state/file/state_view.h"
#include "state/state.h"

/* Of an open, the owner that waits longest. */
struct lock_wait_view {
    struct state_view open;
    bool write;
    struct lock_range range;
    int64_t since_ns;  /* its first request */
    int64_t last_ns;   /* its last request */
    uint64_t clientid; /* whose lock is in its way; 0: none, it gets the lock when it retries */
    bool queued;       /* that client has no lock yet, but has waited longer */
};

/* The next open of the client with an owner that waits, from the cursor on.  False: there are no
 * more.  The caller puts view->open.obj. */
bool lock_wait_view_next(struct state *state, uint64_t clientid, struct state_cursor *cursor,
                         int64_t now_ns, struct lock_wait_view *view) MUST_USE;
