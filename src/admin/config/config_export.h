/* SPDX-License-Identifier: Apache-2.0 */
/* The exports of the configuration file: the same struct that --export makes. */
#pragma once

#include "admin/config/config.h"
#include "admin/config/document.h"

/* Does the machine have what the export stands on?  NULL: yes.  Else the key that is wrong, and
 * `error`: what would be right.  For whoever knows the backends. */
typedef const char *config_export_check(const struct export_spec *spec, char *error, size_t size);

/* Read the list at `node`.  All are in `config` then, those with a fault as far as they could be
 * read.  `check` may be NULL. */
void config_export_read(const struct document_node *node, struct config *config,
                        config_export_check *check, struct config_faults *faults);
