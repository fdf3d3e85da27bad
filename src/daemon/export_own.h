/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exports of an administrator, who adds them while the server runs: each is JSON with the keys
 * that an export has in the configuration file.
 */
#pragma once

#include "daemon/export_entry.h"

/* At the start, for export_store_read(): `context` is struct exports. */
void export_stored_open(void *context, const char *json);
