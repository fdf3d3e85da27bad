/* SPDX-License-Identifier: Apache-2.0 */
/* How an open ends: what CLOSE, revocation and the removal of a client have in common. */
#pragma once

#include "state/open/open.h"

/* With file->lock held: take the open out of effect, except for its lock states, which
 * lock_states_end() ends in batches.  The caller gets the table's reference. */
void open_unhash_locked(struct open *open);

/* End the vfs open()s that it holds; by the thread that has unhashed it, without locks. */
void open_vfs_close(struct open *open);

/* The first open in the client's table, with a reference, or NULL.  `closing`: permit no new
 * ones. */
struct open *open_get_first(struct owner_table *table, bool closing);
