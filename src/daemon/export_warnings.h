/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings about exports that do not do what whoever made them probably wants. */
#pragma once

#include "daemon/listening.h"
#include "daemon/warning.h"
#include "export/export.h"

/* Look at the export, as it is served at these addresses.  May wait for its file system, and so for
 * ever: for an errand (base/errand.h).  The warnings go to `to`, or with NULL to the log. */
void export_warnings_find(const struct export_spec *spec, const struct listening_addresses *at,
                          const struct warning_taker *to);
