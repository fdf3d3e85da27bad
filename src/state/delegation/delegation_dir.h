/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delegations of directories (RFC 8881 §10.9): the guarantee to a client that no other client
 * changes the entries or the attributes of a directory before the delegation was recalled and has
 * ended; or, of what it has subscribed to, that it is told (delegation_watch.h).  Several clients
 * may hold one of the same directory; changes of the holder itself leave its delegation as it is.
 * They are not reclaimed after a restart (§10.9.5).
 */
#pragma once

#include "state/delegation/delegation_request.h"
#include "state/delegation/delegation_stats.h"

/* GET_DIR_DELEGATION.  True: granted, with *stateid.  False: *why is the counter of the reason;
 * refused_held: the client has one, which stays as it is.  Without locks; calls the backend. */
bool delegation_dir_offer(struct state *state, const struct delegation_request *request,
                          struct stateid4 *stateid, enum delegation_counter *why) MUST_USE;

/* The directory has been removed, by a client whose own delegation did not conflict with that:
 * whatever is left of its delegations ends as if returned, since nothing remains to be recalled
 * (§10.9.4).  Between delegation_begin() and _end(); may wake waiters: without locks. */
void delegation_dir_removed(struct state *state, struct vfs_object *dir);

/* How directories are delegated. */
enum delegation_dir_level {
    DELEGATION_DIR_NONE,
    DELEGATION_DIR_RECALL, /* they are recalled at any change */
    DELEGATION_DIR_NOTIFY, /* clients may subscribe to changes */
};

/* A setting, at any time; default: none.  Those that are held stay as they are. */
void delegation_dir_allow(struct state *state, enum delegation_dir_level level);
enum delegation_dir_level delegation_dir_allowed(const struct state *state);
