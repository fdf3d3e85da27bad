/* SPDX-License-Identifier: Apache-2.0 */
/* A queue of copies that copy nothing: for its rules alone.  The end of a copy is told to nobody;
 * what became of it is noted. */
#pragma once

#include "proto/copies/copy_queue.h"
#include "state/client/client.h"

struct vfs_volume;

extern struct copy_queue queue;
extern struct client alice, bob;

/* A group's fixtures: the queue, and nothing left of its copies. */
int copy_set_up(void **unused);
int copy_tear_down(void **unused);

/* A new copy, from one volume to another, which are compared alone: one reference. */
struct copy *copy_of(struct client *client, char from, char to);

/* The same, in the queue. */
struct copy *copy_added(struct client *client, char from, char to);

/* How many copies were settled, and have been freed. */
uint32_t copies_settled(void);
uint32_t copies_freed(void);

/* What a turn does, on whatever thread; NULL: it is over. */
extern enum copy_turn (*copy_turn_hook)(struct copy *copy, enum nfsstat4 *status);
