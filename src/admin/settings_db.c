/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/settings_db.h"

#include <string.h>

#include "database/database.h"

enum {
    BUSY_MS = 250 /* the administrator waits, and so does whoever else asks the endpoint */
};

enum statement {
    SQL_LOAD,
    SQL_PUT,
    SQL_COUNT,
};

static const char *const sql_text[SQL_COUNT] = {
    [SQL_LOAD] = "SELECT name, value, revision FROM setting",
    [SQL_PUT] = "INSERT OR REPLACE INTO setting (name, value, revision) VALUES (?,?,?)",
};

static const struct database_kind kind = {
    .file = "settings.db",
    .application_id = 0x4d4e5345, /* 'MNSE' */
    .version = 1,
    .schema = "CREATE TABLE setting ("
              " name TEXT NOT NULL PRIMARY KEY, value TEXT, revision INTEGER NOT NULL)"
              " WITHOUT ROWID",
    .shared = true,
    .statement_count = SQL_COUNT,
    .statements = sql_text,
};

struct database *settings_db_open(int dir, char *error, size_t size)
{
    return database_open(&kind, dir, error, size);
}

struct database *settings_db_open_soon(int dir, bool *busy, char *error, size_t size)
{
    return database_open_soon(&kind, dir, BUSY_MS, busy, error, size);
}

bool settings_db_is_busy(const struct database *db)
{
    return sqlite3_errcode(db->handle) == SQLITE_BUSY;
}

/* Read a text column.  False if it is too long for a value, or contains a NUL. */
static bool text_read(sqlite3_stmt *s, int column, char text[SETTING_TEXT_BYTES])
{
    const unsigned char *said = sqlite3_column_text(s, column);
    int len = sqlite3_column_bytes(s, column);

    if (!said || len >= SETTING_TEXT_BYTES || memchr(said, '\0', (size_t)len))
        return false;
    memcpy(text, said, (size_t)len);
    text[len] = '\0';
    return true;
}

/* The database may have been edited by hand. */
static bool row_read(sqlite3_stmt *s, struct settings_rows *rows)
{
    char name[SETTING_TEXT_BYTES];
    sqlite3_int64 revision = sqlite3_column_int64(s, 2);
    enum setting_id id;
    struct settings_row *row;

    if (revision < 0 || revision > SETTINGS_REVISION_MAX)
        return false;
    if ((uint64_t)revision > rows->revision)
        rows->revision = (uint64_t)revision;
    if (!text_read(s, 0, name) || !setting_lookup(name, &id))
        return true; /* a setting of another version of Mainstay */
    row = &rows->of[id];
    row->there = true;
    row->revision = (uint64_t)revision;
    row->usual = sqlite3_column_type(s, 1) == SQLITE_NULL;
    return row->usual || text_read(s, 1, row->text);
}

bool settings_db_peek(int dir, struct settings_rows *rows, char *error, size_t size)
{
    struct database *db;
    bool done;

    memset(rows, 0, sizeof(*rows));
    if (!database_peek(&kind, dir, &db, error, size))
        return false;
    done = !db || settings_db_load(db, rows, error, size);
    database_close(db);
    return done;
}

bool settings_db_load(struct database *db, struct settings_rows *rows, char *error, size_t size)
{
    sqlite3_stmt *s = db->statements[SQL_LOAD];
    const char *why = NULL;
    int step = SQLITE_ROW;

    memset(rows, 0, sizeof(*rows));
    while (!why && (step = sqlite3_step(s)) == SQLITE_ROW) {
        if (!row_read(s, rows))
            why = "damaged: a setting has an invalid value or revision";
    }
    if (step != SQLITE_DONE)
        database_explain(db, why, error, size);
    (void)sqlite3_reset(s);
    return step == SQLITE_DONE;
}

/* An error that SQLite tells of. */
static bool explain(struct database *db, char *error, size_t size)
{
    database_explain(db, NULL, error, size);
    return false;
}

bool settings_db_begin(struct database *db, char *error, size_t size)
{
    return database_exec(db, "BEGIN IMMEDIATE") || explain(db, error, size);
}

bool settings_db_put(struct database *db, enum setting_id id, const struct settings_row *row,
                     char *error, size_t size)
{
    sqlite3_stmt *s = db->statements[SQL_PUT];
    int bound = sqlite3_bind_text(s, 1, setting_table[id].name, -1, SQLITE_STATIC);

    if (bound == SQLITE_OK)
        bound = row->usual ? sqlite3_bind_null(s, 2)
                           : sqlite3_bind_text(s, 2, row->text, -1, SQLITE_STATIC);
    if (bound == SQLITE_OK)
        bound = sqlite3_bind_int64(s, 3, (sqlite3_int64)row->revision);
    return (bound == SQLITE_OK && database_run(db, SQL_PUT)) || explain(db, error, size);
}

bool settings_db_commit(struct database *db, char *error, size_t size)
{
    if (database_commit(db))
        return true;
    database_explain(db, database_failure(db), error, size);
    return false;
}
