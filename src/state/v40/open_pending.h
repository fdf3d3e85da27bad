/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens that wait to be confirmed (open_confirm.h): the list of them, in the order of their times.
 */
#pragma once

#include "state/v40/owner_seqid.h"

/* By the request that has the owner's sequence busy.  `set`: the open must be confirmed; `reset`:
 * it no longer must; `cancel`: end it, and its owner begins again. */
void open_pending_set(struct owner_seqid *seqid, const struct stateid4 *stateid, int64_t now_ns);
void open_pending_reset(struct owner_seqid *seqid);
void open_pending_cancel(struct owner_seqid *seqid);
