/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that knows the backends by name. */
#pragma once

#include "export/export.h"

/* Make the backend that `spec` asks for and add it to the table.  False: `error` says why. */
bool backend_export(struct export_table *table, const struct export_spec *spec,
                    const char *state_dir, char *error, size_t error_size);

/* Is there a backend of this name that takes this argument?  For --check, without making it. */
bool backend_check(const struct export_spec *spec, char *error, size_t error_size);
