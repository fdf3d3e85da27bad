/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that clients competed for lately.  They are not delegated for a while, so that clients that
 * take turns work without delegations instead of passing one back and forth.
 *
 * A holder that returns nothing holds others up for a lease, and a client is made quickly; so after
 * a conflict that lasted, the file rests for several times as long, from the conflict's end on.
 *
 * A table of fixed size, without locks, with a word per file.  Files that share a word displace
 * each other, unless the other one rests longer, and an update is lost when two threads write a
 * word at once.  The worst effect is a delegation that is recalled again.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "vfs/vfs_object.h"

enum {
    HISTORY_WORDS = 16384, /* a power of two */

    /* After a conflict the file is not delegated for this time; doubled for each further conflict,
     * up to the maximum, until there has been none for that long. */
    DELEGATION_COOLDOWN_MS = 4000,
    DELEGATION_COOLDOWN_DOUBLINGS = 6,

    /* It is doubled further, until it is at least so many times as long as the conflict was, and
     * from there for each further conflict, up to this maximum. */
    DELEGATION_COOLDOWN_SHARE = 4,
    DELEGATION_COOLDOWN_LONG_DOUBLINGS = 12,
};

struct delegation_history {
    _Atomic uint64_t words[HISTORY_WORDS];
};

/* A delegation of the object conflicted with a request. */
void delegation_history_note(struct delegation_history *history, const struct vfs_object *obj,
                             int64_t now_ns);

/* The delegation that conflicted, from began_ns on, has ended. */
void delegation_history_note_end(struct delegation_history *history, const struct vfs_object *obj,
                                 int64_t began_ns, int64_t now_ns);

/* The object is new, and a former one may have had its number. */
void delegation_history_forget(struct delegation_history *history, const struct vfs_object *obj);

/* Should the object not be delegated now? */
bool delegation_history_cools_down(const struct delegation_history *history,
                                   const struct vfs_object *obj, int64_t now_ns);
