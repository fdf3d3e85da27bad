/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that clients competed for lately.  They are not delegated for a while, so that clients that
 * take turns work without delegations instead of passing one back and forth.
 *
 * A table of fixed size, without locks, with a word per file.  Files that share a word displace
 * each other, and an update is lost when two threads write a word at once.  The worst effect is a
 * delegation that is recalled again.
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
};

struct delegation_history {
    _Atomic uint64_t words[HISTORY_WORDS];
};

/* A delegation of the object conflicted with a request. */
void delegation_history_note(struct delegation_history *history, const struct vfs_object *obj,
                             int64_t now_ns);

/* Should the object not be delegated now? */
bool delegation_history_cools_down(const struct delegation_history *history,
                                   const struct vfs_object *obj, int64_t now_ns);
