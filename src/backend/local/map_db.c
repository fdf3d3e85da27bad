/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local/map_db.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"

enum statement {
    SQL_ADD,
    SQL_DEL,
    SQL_FIND,
    SQL_COUNT,
};

static const char *const sql_text[SQL_COUNT] = {
    [SQL_ADD] = "INSERT OR REPLACE INTO place (id, parent, name, ino, seq) VALUES (?,?,?,?,?)",
    [SQL_DEL] = "DELETE FROM place WHERE id = ? AND parent = ? AND name = ?",
    [SQL_FIND] = "SELECT parent, name, ino FROM place WHERE id = ? ORDER BY seq DESC LIMIT ?",
};

static const char schema[] = "PRAGMA journal_mode = WAL;"
                             "PRAGMA synchronous = FULL;"
                             "CREATE TABLE IF NOT EXISTS place ("
                             " id BLOB NOT NULL, parent BLOB NOT NULL, name BLOB NOT NULL,"
                             " ino INTEGER NOT NULL, seq INTEGER NOT NULL,"
                             " PRIMARY KEY (id, parent, name)) WITHOUT ROWID;";

struct map_db {
    sqlite3 *handle;
    sqlite3_stmt *statements[SQL_COUNT];
};

static bool complain(struct map_db *db)
{
    log_error("local.map.db", LOG_STR("error", sqlite3_errmsg(db->handle)));
    return false;
}

static bool exec(struct map_db *db, const char *sql)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static bool prepare_all(struct map_db *db)
{
    for (int i = 0; i < SQL_COUNT; i++) {
        if (sqlite3_prepare_v3(db->handle, sql_text[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &db->statements[i], NULL) != SQLITE_OK)
            return false;
    }
    return true;
}

struct map_db *map_db_open(const char *path, char *errbuf, size_t size)
{
    struct map_db *db = must_calloc(1, sizeof(*db));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

    if (sqlite3_open_v2(path, &db->handle, flags, NULL) == SQLITE_OK && exec(db, schema) &&
        prepare_all(db))
        return db;
    (void)snprintf(errbuf, size, "%s: %s", path,
                   db->handle ? sqlite3_errmsg(db->handle) : "out of memory");
    map_db_close(db);
    return NULL;
}

void map_db_close(struct map_db *db)
{
    for (int i = 0; i < SQL_COUNT; i++)
        (void)sqlite3_finalize(db->statements[i]);
    (void)sqlite3_close(db->handle);
    free(db);
}

bool map_db_begin(struct map_db *db)
{
    return exec(db, "BEGIN IMMEDIATE") || complain(db);
}

bool map_db_commit(struct map_db *db)
{
    return exec(db, "COMMIT") || complain(db);
}

void map_db_rollback(struct map_db *db)
{
    (void)exec(db, "ROLLBACK");
}

bool map_db_apply(struct map_db *db, const struct map_change *change)
{
    const struct local_place *place = &change->place;
    sqlite3_stmt *s = db->statements[change->op == MAP_ADD ? SQL_ADD : SQL_DEL];
    bool ok;

    (void)sqlite3_bind_blob(s, 1, change->id.data, change->id.len, SQLITE_STATIC);
    (void)sqlite3_bind_blob(s, 2, place->parent.data, place->parent.len, SQLITE_STATIC);
    (void)sqlite3_bind_blob(s, 3, place->name, (int)strlen(place->name), SQLITE_STATIC);
    if (change->op == MAP_ADD) {
        (void)sqlite3_bind_int64(s, 4, (sqlite3_int64)place->ino);
        (void)sqlite3_bind_int64(s, 5, (sqlite3_int64)change->seq);
    }
    ok = sqlite3_step(s) == SQLITE_DONE || complain(db);
    (void)sqlite3_reset(s);
    (void)sqlite3_clear_bindings(s);
    return ok;
}

/* The database is a file like any other: what does not fit is passed over. */
static bool row_read(sqlite3_stmt *s, struct local_place *place)
{
    int parent_len = sqlite3_column_bytes(s, 0);
    int name_len = sqlite3_column_bytes(s, 1);
    const void *parent = sqlite3_column_blob(s, 0);
    const void *name = sqlite3_column_blob(s, 1);

    if (!parent || !name || parent_len > LOCAL_ID_BYTES_MAX || name_len > (int)LIMIT_NAME_BYTES ||
        memchr(name, '/', (size_t)name_len) || memchr(name, '\0', (size_t)name_len))
        return false;
    place->parent.len = (uint8_t)parent_len;
    memcpy(place->parent.data, parent, (size_t)parent_len);
    memcpy(place->name, name, (size_t)name_len);
    place->name[name_len] = '\0';
    place->ino = (uint64_t)sqlite3_column_int64(s, 2);
    return true;
}

size_t map_db_find(struct map_db *db, const struct local_id *id, struct local_place *places)
{
    sqlite3_stmt *s = db->statements[SQL_FIND];
    size_t count = 0;

    (void)sqlite3_bind_blob(s, 1, id->data, id->len, SQLITE_STATIC);
    (void)sqlite3_bind_int(s, 2, LOCAL_PLACES_MAX);
    while (count < LOCAL_PLACES_MAX && sqlite3_step(s) == SQLITE_ROW) {
        if (row_read(s, &places[count]))
            count++;
    }
    (void)sqlite3_reset(s);
    (void)sqlite3_clear_bindings(s);
    return count;
}
