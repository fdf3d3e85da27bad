/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export_store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "database/database.h"

enum {
    BUSY_MS = 250 /* the administrator waits */
};

enum statement {
    SQL_LOAD,
    SQL_PUT,
    SQL_REMOVE,
    SQL_COUNT,
};

static const char *const sql_text[SQL_COUNT] = {
    [SQL_LOAD] = "SELECT path, keys FROM export ORDER BY path",
    [SQL_PUT] = ("INSERT INTO export (path, keys) VALUES (?,?)"
                 " ON CONFLICT (path) DO UPDATE SET keys = excluded.keys"),
    [SQL_REMOVE] = "DELETE FROM export WHERE path = ?",
};

static const char *const columns[] = {"path", "keys", NULL};

static const struct seal seals[] = {{"export", columns}};

static const struct database_kind kind = {
    .file = "exports.db",
    .application_id = 0x4d4e4558, /* 'MNEX' */
    .version = 1,
    .schema = "CREATE TABLE export (path TEXT NOT NULL PRIMARY KEY, keys TEXT NOT NULL)"
              " WITHOUT ROWID",
    .seals = seals,
    .seal_count = ARRAY_SIZE(seals),
    .statement_count = SQL_COUNT,
    .statements = sql_text,
};

/* None was ever stored. */
static bool is_missing(int dir)
{
    struct stat st;

    return fstatat(dir, kind.file, &st, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

/* It has no tables yet only if the server was killed while it made them. */
static bool is_empty(int dir)
{
    struct stat st;

    return fstatat(dir, kind.file, &st, 0) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

/* SQLITE_DONE, or an error. */
static int visit_rows(struct database *db, export_store_visit *visit, void *context)
{
    sqlite3_stmt *s = db->statements[SQL_LOAD];
    int step;

    while ((step = sqlite3_step(s)) == SQLITE_ROW) {
        const char *path = (const char *)sqlite3_column_text(s, 0);
        const char *json = (const char *)sqlite3_column_text(s, 1);

        visit(context, path ? path : "", json ? json : "");
    }
    return step;
}

bool export_store_peek(int dir, export_store_visit *visit, void *context)
{
    struct database *db;
    char error[128];
    int step;

    if (is_missing(dir))
        return true;
    if (!database_peek(&kind, dir, &db, error, sizeof(error)) || !db)
        return false;
    step = visit_rows(db, visit, context);
    (void)sqlite3_reset(db->statements[SQL_LOAD]);
    database_close(db);
    return step == SQLITE_DONE;
}

bool export_store_check(int dir, char *error, size_t size)
{
    struct database *db;

    if (!database_peek(&kind, dir, &db, error, size))
        return false;
    database_close(db);
    return true;
}

static enum export_store_result explain(struct database *db, char *error, size_t size)
{
    bool busy = sqlite3_errcode(db->handle) == SQLITE_BUSY;

    database_explain(db, database_failure(db), error, size);
    database_rollback(db);
    database_close(db);
    return busy ? EXPORT_STORE_BUSY : EXPORT_STORE_FAILED;
}

bool export_store_read(int dir, export_store_visit *visit, void *context, char *error, size_t size)
{
    struct database *db;
    int step;

    if (is_missing(dir))
        return true;
    if (is_empty(dir))
        log_warn("export.store_empty", LOG_STR("file", kind.file),
                 LOG_STR("note", "exports that were stored in it are lost"));
    db = database_open(&kind, dir, error, size);
    if (!db)
        return false;
    step = visit_rows(db, visit, context);
    if (step != SQLITE_DONE)
        database_explain(db, NULL, error, size);
    (void)sqlite3_reset(db->statements[SQL_LOAD]);
    database_close(db);
    return step == SQLITE_DONE;
}

/* `json` NULL: the statement has no such parameter. */
static enum export_store_result change(int dir, enum statement statement, const char *path,
                                       const char *json, char *error, size_t size)
{
    bool busy;
    struct database *db = database_open_soon(&kind, dir, BUSY_MS, &busy, error, size);
    sqlite3_stmt *s = db ? db->statements[statement] : NULL;

    if (!db)
        return busy ? EXPORT_STORE_BUSY : EXPORT_STORE_FAILED;
    if (!database_exec(db, "BEGIN IMMEDIATE") ||
        sqlite3_bind_text(s, 1, path, -1, SQLITE_STATIC) != SQLITE_OK ||
        (json && sqlite3_bind_text(s, 2, json, -1, SQLITE_STATIC) != SQLITE_OK) ||
        !database_run(db, statement) || !database_commit(db))
        return explain(db, error, size);
    database_close(db);
    return EXPORT_STORE_DONE;
}

enum export_store_result export_store_put(int dir, const char *path, const char *json, char *error,
                                          size_t size)
{
    return change(dir, SQL_PUT, path, json, error, size);
}

enum export_store_result export_store_remove(int dir, const char *path, char *error, size_t size)
{
    return change(dir, SQL_REMOVE, path, NULL, error, size);
}
