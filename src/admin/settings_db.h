/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database of settings.h: settings.db in the state directory.  The server creates and reads it;
 * other processes change it.  One thread at a time.  A row holds a setting's value and the revision
 * of the change that wrote it.  Unknown names are ignored.
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

struct settings_rows {
    struct settings_row of[SETTING_COUNT];
};

struct database;

/* Open the database; create it if need be.  Close it with database_close().  On failure returns
 * NULL with a reason in `error`, and leaves the file as it is. */
struct database *settings_db_open(int dir, char *error, size_t size) MUST_USE;

/* Read the rows without writing anything.  Also true, without rows, when they cannot be read
 * without writing (database_peek()). */
bool settings_db_peek(int dir, struct settings_rows *rows, char *error, size_t size) MUST_USE;

/* Read the rows.  False, with a reason, when the database cannot be read or is invalid. */
bool settings_db_load(struct database *db, struct settings_rows *rows, char *error,
                      size_t size) MUST_USE;
