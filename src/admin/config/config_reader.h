/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration file: from its bytes to a struct config, or to all that is wrong with it.
 */
#pragma once

#include "admin/config/config.h"
#include "admin/config/config_export.h"
#include "admin/config/config_fault.h"

/* Is what `state` or `admin_token` names fit for use?  False, and `error`. */
struct config_path_check {
    bool (*look)(const void *context, enum config_key_id id, const char *path, char *error,
                 size_t size);
    const void *context;
};

/* Read the file at `path`.  It may do without exports, which options can name.  NULL: `faults` has
 * at least one; they are in the order of their lines.  `check` looks at each export, `paths` at
 * other files; or NULL. */
struct config *config_read(const char *path, config_export_check *check,
                           const struct config_path_check *paths,
                           struct config_faults *faults) MUST_USE;

/* The same of bytes, without a look at other files. */
struct config *config_read_bytes(const char *bytes, size_t len, config_export_check *check,
                                 struct config_faults *faults) MUST_USE;
