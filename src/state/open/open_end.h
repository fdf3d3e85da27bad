/* SPDX-License-Identifier: Apache-2.0 */
/* How an open ends: what CLOSE, revocation and the removal of a client have in common. */
#pragma once

#include "state/open/open.h"

/* With file->lock: nothing of the open is in effect any more, but for lock states, which are ended
 * one after the other (lock_states_end()).  The table's reference passes to the caller. */
void open_unhash_locked(struct open *open);

/* End the vfs open()s that it has; by the thread that has unhashed it, without a lock. */
void open_vfs_close(struct open *open);

/* The first open in the client's table, with a reference, or NULL.  `closing`: no new ones come
 * from here on. */
struct open *open_pick(struct owner_table *table, bool closing);
