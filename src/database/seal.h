/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checksum over the rows of a table, stored in the same file.  It reveals at the start if a row
 * was changed, lost or restored by anything but this server.  SQLite's own check covers only the
 * structure of a file.
 *
 * Triggers update the checksum in the transaction of each change.  It is the sum of the rows'
 * hashes, so the order of changes does not matter.  Another program can read a sealed table but not
 * write to it, because the triggers call functions that only the server has.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>

#include "base/check.h"

/* A table and its columns as in SQL: "client", "owner, flavor, uid".  Rows may be changed by
 * INSERT, DELETE, UPDATE and upserts, but not by REPLACE, which does not run delete triggers. */
struct seal {
    const char *table;
    const char *const *columns; /* terminated by NULL */
};

/* Register the functions that seals use with the connection. */
bool seal_functions(sqlite3 *handle) MUST_USE;

/* Seal a table as it is now, also if it was sealed before.  Within a transaction of the caller. */
bool seal_make(sqlite3 *handle, const struct seal *seal) MUST_USE;

/* *whole: the rows are those that were sealed.  False: see SQLite's message. */
bool seal_check(sqlite3 *handle, const struct seal *seal, bool *whole) MUST_USE;
