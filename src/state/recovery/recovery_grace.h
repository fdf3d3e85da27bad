/* SPDX-License-Identifier: Apache-2.0 */
/* The grace period: how it begins and ends (recovery.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct recovery;

/* Load the records of the former life; begin the grace period, or drop them. */
bool recovery_grace_begin(struct recovery *r, int64_t now_ns, char *error,
                          size_t error_size) MUST_USE;

/* Drop the records of clients that did not come, and let others go on.  Not while a reclaim is
 * being granted (the caller may be in it) or the disk fails: the next tick tries again. */
void recovery_grace_end(struct recovery *r);

/* End it when its time is over or no client is awaited. */
void recovery_grace_tick(struct recovery *r, int64_t now_ns);
