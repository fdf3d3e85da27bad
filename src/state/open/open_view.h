/* SPDX-License-Identifier: Apache-2.0 */
/* Opens as users are shown them: state_view.h. */
#pragma once

#include <stdbool.h>

#include "state/file/state_view.h"
#include "state/state.h"

struct open_view {
    struct state_view state;
    struct owner_view owner;
    uint32_t access, deny; /* OPEN4_SHARE_* */
    uint32_t locks;        /* byte-range locks */
};

/* The next open in effect that passes the filter, from the cursor on.  False: there are no more.
 * The caller puts view->state.obj. */
bool open_view_next(struct state *state, const struct state_filter *filter,
                    struct state_cursor *cursor, struct open_view *view) MUST_USE;
