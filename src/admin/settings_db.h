/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database of settings.h: settings.db in the state directory.  The server makes and reads it;
 * other processes change it.  One thread at a time.  A row is a setting's value and the number of
 * the change that wrote it; names that are not known are ignored.
 */
#pragma once

#include "admin/setting.h"

/* What is stored for one setting. */
struct settings_row {
    bool there;                    /* false: nobody ever said anything */
    bool usual;                    /* it was set to its default, whatever that is */
    char text[SETTING_TEXT_BYTES]; /* else: as it is stored, not checked */
    uint64_t revision;             /* of the change: counts up over all settings */
};

struct settings_rows {
    struct settings_row of[SETTING_COUNT];
};

struct database;

/* Open, make or check it; end with database_close().  NULL and a reason at `error`; the file is
 * left as it is. */
struct database *settings_db_open(int dir, char *error, size_t size) MUST_USE;

/* Read what is stored and write nothing.  True, with no rows, too, when it cannot be told without
 * writing (database_peek()). */
bool settings_db_peek(int dir, struct settings_rows *rows, char *error, size_t size) MUST_USE;

/* What is stored.  False and a reason when it cannot be read or makes no sense. */
bool settings_db_load(struct database *db, struct settings_rows *rows, char *error,
                      size_t size) MUST_USE;
