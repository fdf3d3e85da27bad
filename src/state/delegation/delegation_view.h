/* SPDX-License-Identifier: Apache-2.0 */
/* Delegations as users are shown them: state_view.h. */
#pragma once

#include <stdbool.h>

#include "state/delegation/delegation.h"
#include "state/delegation/delegation_watch.h"
#include "state/file/state_view.h"

enum delegation_phase {
    DELEGATION_HELD,
    DELEGATION_RECALLED,
    DELEGATION_ENDING, /* returned or revoked; conflicts until a WRITE by its stateid is done */
};

struct delegation_view {
    struct state_view state;
    enum delegation_kind kind;
    enum delegation_phase phase;
    bool times; /* the holder has the file's times (delegation_times.h) */
    int64_t granted_ns;
    int64_t recalled_ns;                /* 0: not recalled */
    struct delegation_watch_view watch; /* of a directory */
};

/* The next delegation that conflicts with other clients and passes the filter, from the cursor
 * on.  False: there are no more.  The caller puts view->state.obj. */
bool delegation_view_next(struct state *state, const struct state_filter *filter,
                          struct state_cursor *cursor, struct delegation_view *view) MUST_USE;

/* The delegation of this stateid, in the same way.  False: there is none. */
bool delegation_view_get(struct state *state, const struct stateid4 *id,
                         struct delegation_view *view) MUST_USE;
