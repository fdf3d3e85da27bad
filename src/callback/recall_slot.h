/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CB_RECALL_SLOT (RFC 8881 §20.8): tells an idle session how many slots it should use
 * (state/session/slot_recall.h).  It goes over that very session.
 */
#pragma once

struct callback;

/* Before the first request: sessions may be asked so. */
void recall_slot_start(struct callback *callback);
