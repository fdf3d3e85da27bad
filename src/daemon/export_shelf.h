/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shelf: exports that are stored but not served, because the configuration has one at the path
 * or because the backend could not be created.  An administrator sees, retries and removes them.
 */
#pragma once

#include "daemon/export_entry.h"

/* One of them. */
struct export_shelved {
    char *path;
    char *json;
    struct export_spec spec; /* what can be read of it; at least no pointer is NULL */
    char *why;               /* it is not served; "": the configuration had its path */
};

/* At the start, for export_store_read(): serve the stored export or put it on the shelf.  `context`
 * is struct exports. */
void export_shelf_open(void *context, const char *path, const char *json);

/* NULL: there is none at this path. */
struct export_shelved *export_shelf_find(const struct exports *exports, const char *path);

/* It is stored no longer, or is served. */
void export_shelf_drop(struct exports *exports, const char *path);

/* Serve those whose path the configuration no longer has; a line of `report` for each.  Without the
 * lock. */
void export_shelf_serve(struct exports *exports, const struct export_report *report);

/* Show the one at `path`, or all.  Returns how many. */
uint32_t export_shelf_visit(struct exports *exports, const char *path,
                            void (*show)(const struct export_shown *shown, void *arg), void *arg);
