/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CB_RECALL_ANY and CB_RECALLABLE_OBJ_AVAIL (RFC 8881 §20.6, §20.7) for file delegations: tell
 * clients that there are too many, or that there is room again
 * (state/delegation/delegation_pressure.h).  Each is sent once.
 */
#pragma once

struct callback;

/* Install the hooks.  Before the first request. */
void recall_any_start(struct callback *callback);
