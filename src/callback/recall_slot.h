/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CB_RECALL_SLOT (RFC 8881 §20.8): tells an idle session how many slots it should use
 * (state/session/slot_recall.h).  It is sent over the session itself.
 */
#pragma once

struct callback;

/* Install the hook.  Before the first request. */
void recall_slot_start(struct callback *callback);
