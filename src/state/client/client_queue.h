/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queues that client records stand in, in struct client_table: confirmed ones by the time when
 * client_sweep() looks at them next, unconfirmed ones by their age, and those whose lease is over
 * in the queue of courtesy as well.
 *
 * Everything here with client_table.lock held.
 */
#pragma once

#include "state/client/client.h"

/* Put it into the queue for confirmed or unconfirmed records; or take it out of all queues. */
void client_queue_locked(struct client *client);
void client_unqueue_locked(struct client *client);

/* The next confirmed client that is to be looked at, which goes to the end of the queue; NULL: none
 * is due. */
struct client *client_queue_due_locked(struct state *state, int64_t now_ns);

/* The oldest record that is not confirmed, or NULL. */
struct client *client_queue_unconfirmed_locked(struct client_table *clients);

/* Its lease is over: the longest expired are first.  It is not, or the client goes. */
void client_courtesy_begin_locked(struct client *client);
void client_courtesy_end_locked(struct client *client);
