/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database of settings.h: settings.db in the state directory, which the server and other
 * processes read and change.  One thread at a time.  A row holds a setting's value and the revision
 * of the change that wrote it.  Rows with unknown names are left as they are.
 */
#pragma once

#include "admin/setting.h"

/* The stored row of one setting. */
struct settings_row {
    bool there;                    /* false: there is no row */
    bool usual;                    /* it was set to its default, whatever that is */
    char text[SETTING_TEXT_BYTES]; /* otherwise the stored text, unchecked */
    uint64_t revision;             /* of the change; counts up over all settings */
};

/* Up to here a number in JSON is exact. */
#define SETTINGS_REVISION_MAX (INT64_C(1) << 53)

struct settings_rows {
    struct settings_row of[SETTING_COUNT];
    uint64_t revision; /* the highest of all rows, also of unknown names; 0: no rows */
};

struct database;

/* Open the database; create it if need be.  Close it with database_close().  On failure returns
 * NULL with a reason in `error`, and leaves the file as it is. */
struct database *settings_db_open(int dir, char *error, size_t size) MUST_USE;

/* The same for who is waited for: gives up soon if another process has locked it, and says so in
 * *busy; so do the functions below. */
struct database *settings_db_open_soon(int dir, bool *busy, char *error, size_t size) MUST_USE;

/* Did the last one of the functions below fail because another process has it locked? */
bool settings_db_is_busy(const struct database *db);

/* Read the rows without writing anything.  Also true, without rows, when they cannot be read
 * without writing (database_peek()). */
bool settings_db_peek(int dir, struct settings_rows *rows, char *error, size_t size) MUST_USE;

/* Read the rows.  False, with a reason, when the database cannot be read or is invalid. */
bool settings_db_load(struct database *db, struct settings_rows *rows, char *error,
                      size_t size) MUST_USE;

/* Begin a transaction; no other process can change the database until it ends.  Without a commit it
 * ends with database_close(), and changes nothing.  Waits a few seconds for other processes. */
bool settings_db_begin(struct database *db, char *error, size_t size) MUST_USE;

/* Store the row of one setting. */
bool settings_db_put(struct database *db, enum setting_id id, const struct settings_row *row,
                     char *error, size_t size) MUST_USE;

/* On success the rows survive a power failure.  On failure nothing changes. */
bool settings_db_commit(struct database *db, char *error, size_t size) MUST_USE;
