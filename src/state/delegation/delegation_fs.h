/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of entries that need not look up what the entries lead to, since there are no
 * delegations.  Counted by file system as delegation_begin() counts by object, and against the
 * number of delegations instead of an object's hint: delegation.h.
 */
#pragma once

#include <stdbool.h>

#include "base/check.h"

struct state;
struct vfs;

/* An entry of some directory of `fs` is about to change, without its object having been looked up.
 * True: there are no delegations at all, and none is granted in this file system until
 * delegation_end_fs().  False: look the object up, and call delegation_begin(). */
bool delegation_begin_fs(struct state *state, const struct vfs *fs) MUST_USE;
void delegation_end_fs(struct state *state, const struct vfs *fs);
