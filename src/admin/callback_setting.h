/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks nfs.callback_timeout_ms, nfs.callback_backoff_ms and nfs.callback_backoff_max_ms together:
 * one unanswered callback plus each back-off once must take less than a lease, so that a client
 * that missed the first attempts still has time to answer.
 *
 * Values that were set are used unchanged, or refused.  Defaults are adapted to a short lease and
 * to the values that were set.
 */
#pragma once

#include "admin/setting.h"

struct callback_setting {
    uint32_t timeout_ms, backoff_ms, backoff_max_ms;
};

/* Compute the waits to use.  False: the values that were set do not fit, and `error` says why.  A
 * `lease_s` of 0 means that the lease is not known: everything fits. */
bool callback_setting_fit(const struct setting_values *values, uint32_t lease_s,
                          struct callback_setting *waits, char *error, size_t size) MUST_USE;
