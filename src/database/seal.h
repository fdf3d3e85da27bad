/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checksum over the rows of a table, kept in the same file, so that a row that was changed, lost
 * or brought back by anything but this server is found at the start.  SQLite's own check sees the
 * structure of a file only.
 *
 * Triggers keep the checksum in the transaction of each change.  It is the sum of the rows' hashes,
 * so the order of changes does not matter.  Another program can read a sealed table but not write
 * to it: the triggers call functions that only the server has.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>

#include "base/check.h"

/* A table and its columns, as they stand in SQL: "client", "owner, flavor, uid".  Rows are changed
 * by INSERT, DELETE, UPDATE and upserts; not by REPLACE, which runs no delete triggers. */
struct seal {
    const char *table;
    const char *const *columns; /* NULL at the end */
};

/* Give the connection the functions that seals are made of. */
bool seal_functions(sqlite3 *handle) MUST_USE;

/* Seal a table as it is now, anew if it was sealed.  In a transaction of the caller's. */
bool seal_make(sqlite3 *handle, const struct seal *seal) MUST_USE;

/* *whole: its rows are those that were sealed.  False: SQLite says why. */
bool seal_check(sqlite3 *handle, const struct seal *seal, bool *whole) MUST_USE;
