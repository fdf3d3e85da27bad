/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over all copies that there are, and the last ones that are gone. */
#pragma once

#include "base/check.h"
#include "proto/copies/copy_queue.h"
#include "proto/copies/copy_view.h"

/* The next one whose number is above *number, which becomes its number.  False: there are no more.
 * A walk may pause; it meets whatever stays listed exactly once.  Takes copy_queue.lock. */
bool copy_list_next(struct copy_queue *queue, uint64_t *number, struct copy_view *view) MUST_USE;
