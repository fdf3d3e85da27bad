/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks nfs.min_minor_version and nfs.max_minor_version together.
 */
#pragma once

#include "admin/setting.h"
#include "proto/minor_range.h"

/* Is min <= max?  If not, `error` names both values and their origins. */
bool minor_setting_ordered(const struct setting_values *values, char *error, size_t size) MUST_USE;

/* Does this build support any version of the range?  The values must be ordered. */
bool minor_setting_built(const struct setting_values *values, char *error, size_t size) MUST_USE;

/* The range to serve: those versions of the configured range that this build supports.  Both checks
 * must have succeeded. */
struct minor_range minor_setting_range(const struct setting_values *values);
