/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the settings nfs.min_minor_version and nfs.max_minor_version say together.
 */
#pragma once

#include "admin/setting.h"
#include "proto/minor_range.h"

/* Is min <= max?  False: `error` says which value comes from where. */
bool minor_setting_ordered(const struct setting_values *values, char *error, size_t size) MUST_USE;

/* Is there something in the range that this build has?  The values are ordered. */
bool minor_setting_built(const struct setting_values *values, char *error, size_t size) MUST_USE;

/* The range to serve: what the build has of what the settings say.  They passed both checks. */
struct minor_range minor_setting_range(const struct setting_values *values);
