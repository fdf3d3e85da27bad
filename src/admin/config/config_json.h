/* SPDX-License-Identifier: Apache-2.0 */
/* An export in JSON, with the keys that it has in the configuration file. */
#pragma once

#include "admin/config/config_export.h"

/* Read one.  The result has it as its only export, as far as it could be read, and none if `text`
 * is no JSON; it is good if `faults` has none.  `check` may be NULL. */
struct config *config_json_read(const char *text, config_export_check *check,
                                struct config_faults *faults) MUST_USE;
