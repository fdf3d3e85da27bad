/* SPDX-License-Identifier: Apache-2.0 */
/* Byte-range locks as users are shown them: state_view.h. */
#pragma once

#include <stdbool.h>

#include "state/file/lock_tree.h"
#include "state/file/state_view.h"
#include "state/state.h"

struct lock_view {
    struct state_view state; /* of the lock state, which may have many locks */
    struct owner_view owner;
    bool write;
    struct lock_range range;
};

/* The next lock in effect that passes the filter, from the cursor on.  False: there are no more.  A
 * lock that exists all the time and keeps its range is met once; the locks of a state come in the
 * order of their ranges.  The caller puts view->state.obj. */
bool lock_view_next(struct state *state, const struct state_filter *filter,
                    struct state_cursor *cursor, struct lock_view *view) MUST_USE;
