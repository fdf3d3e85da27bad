/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exports that were added while the server ran: exports.db in the state directory.  Each is kept as
 * the JSON that it was added with.  The database is open only while it is used.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

typedef void export_store_visit(void *context, const char *path, const char *json);

/* `visit` each stored one; `dir` is the state directory.  False, with `error`: the file cannot be
 * read. */
bool export_store_read(int dir, export_store_visit *visit, void *context, char *error,
                       size_t size) MUST_USE;

/* The same without writing anything.  False: that does not show which there are. */
bool export_store_peek(int dir, export_store_visit *visit, void *context) MUST_USE;

/* Would export_store_read() fail?  Writes nothing. */
bool export_store_check(int dir, char *error, size_t size) MUST_USE;

enum export_store_result {
    EXPORT_STORE_DONE,   /* it is durable */
    EXPORT_STORE_BUSY,   /* another process has the database locked, and does not let go of it */
    EXPORT_STORE_FAILED, /* it cannot be written */
};

/* With `error` unless it is done.  Takes the place of what was stored for the path. */
enum export_store_result export_store_put(int dir, const char *path, const char *json, char *error,
                                          size_t size) MUST_USE;
enum export_store_result export_store_remove(int dir, const char *path, char *error,
                                             size_t size) MUST_USE;
