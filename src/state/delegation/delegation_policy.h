/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions of every grant that depend neither on opens nor on other delegations of the file. */
#pragma once

#include "state/delegation/delegation_request.h"
#include "state/delegation/delegation_stats.h"

/* May the client be given another delegation, and is the object one to delegate at present?  False:
 * *why is the counter of the reason. */
bool delegation_policy_admits(struct state *state, const struct delegation_request *request,
                              enum delegation_counter *why) MUST_USE;

/* Are there as many delegations as may be, of all kinds or of this one? */
bool delegation_policy_full(const struct state *state, enum delegation_kind kind);

/* Could the client be called back?  To be asked late, since the hook may take a lock that all
 * clients of 4.0 share. */
bool delegation_policy_reachable(const struct state *state, struct client *client);
