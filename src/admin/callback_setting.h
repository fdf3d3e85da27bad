/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the settings nfs.callback_timeout_ms, nfs.callback_backoff_ms and
 * nfs.callback_backoff_max_ms say together: a call without an answer and each back-off once come to
 * less than a lease, so that who was asked in vain at first still has time to answer.
 *
 * What somebody has set is taken at its word, or refused; a default gives way to a short lease and
 * to the others.
 */
#pragma once

#include "admin/setting.h"

struct callback_setting {
    uint32_t timeout_ms, backoff_ms, backoff_max_ms;
};

/* What is to be obeyed.  False: what was set does not fit, and `error` says why.  `lease_s` 0: it
 * is not known, and anything fits. */
bool callback_setting_fit(const struct setting_values *values, uint32_t lease_s,
                          struct callback_setting *waits, char *error, size_t size) MUST_USE;
