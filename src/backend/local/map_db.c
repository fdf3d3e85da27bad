/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local/map_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "database/database.h"

enum {
    FILE_BYTES = 80,
};

enum statement {
    SQL_ADD,
    SQL_DEL,
    SQL_FIND,
    SQL_COUNT,
};

static const char *const sql_text[SQL_COUNT] = {
    [SQL_ADD] = ("INSERT INTO place (id, parent, name, ino, seq) VALUES (?,?,?,?,?)"
                 " ON CONFLICT DO UPDATE SET ino = excluded.ino, seq = excluded.seq"),
    [SQL_DEL] = "DELETE FROM place WHERE id = ? AND parent = ? AND name = ?",
    [SQL_FIND] = "SELECT parent, name, ino FROM place WHERE id = ? ORDER BY seq DESC LIMIT ?",
};

static const char *const columns[] = {"id", "parent", "name", "ino", "seq", NULL};
static const struct seal seals[] = {{"place", columns}};

struct map_db {
    char file[FILE_BYTES];
    struct database_kind kind;
    struct database *database;
    struct log_limit failures; /* the flusher retries once a second, lookups more often */
};

static bool complain(struct map_db *db)
{
    if (log_limit_take(&db->failures, clock_now_ns(), 1))
        log_error_taken(&db->failures, "local.map.db", LOG_STR("file", db->file),
                        LOG_STR("error", database_failure(db->database)));
    return false;
}

struct map_db *map_db_open(int dir_fd, const char *name, char *errbuf, size_t size)
{
    struct map_db *db = must_calloc(1, sizeof(*db));

    (void)snprintf(db->file, sizeof(db->file), "%s.db", name);
    db->kind = (struct database_kind){
        .file = db->file,
        .application_id = 0x4d4e534d, /* 'MNSM' */
        .version = 1,
        .schema = "CREATE TABLE place ("
                  " id BLOB NOT NULL, parent BLOB NOT NULL, name BLOB NOT NULL,"
                  " ino INTEGER NOT NULL, seq INTEGER NOT NULL,"
                  " PRIMARY KEY (id, parent, name)) WITHOUT ROWID",
        .seals = seals,
        .seal_count = ARRAY_SIZE(seals),
        .statement_count = SQL_COUNT,
        .statements = sql_text,
    };
    db->database = database_open(&db->kind, dir_fd, errbuf, size);
    if (db->database)
        return db;
    free(db);
    return NULL;
}

void map_db_close(struct map_db *db)
{
    database_close(db->database);
    free(db);
}

bool map_db_begin(struct map_db *db)
{
    return database_exec(db->database, "BEGIN IMMEDIATE") || complain(db);
}

bool map_db_commit(struct map_db *db)
{
    return database_commit(db->database) || complain(db);
}

void map_db_rollback(struct map_db *db)
{
    database_rollback(db->database);
}

bool map_db_apply(struct map_db *db, const struct map_change *change)
{
    const struct local_place *place = &change->place;
    enum statement which = change->op == MAP_ADD ? SQL_ADD : SQL_DEL;
    sqlite3_stmt *s = db->database->statements[which];

    (void)sqlite3_bind_blob(s, 1, change->id.data, change->id.len, SQLITE_STATIC);
    (void)sqlite3_bind_blob(s, 2, place->parent.data, place->parent.len, SQLITE_STATIC);
    (void)sqlite3_bind_blob(s, 3, place->name, (int)strlen(place->name), SQLITE_STATIC);
    if (change->op == MAP_ADD) {
        (void)sqlite3_bind_int64(s, 4, (sqlite3_int64)place->ino);
        (void)sqlite3_bind_int64(s, 5, (sqlite3_int64)change->seq);
    }
    return database_run(db->database, which) || complain(db);
}

/* The database may have been edited: skip invalid rows. */
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

bool map_db_lookup(struct map_db *db, const struct local_id *id, struct local_place *places,
                   size_t *count)
{
    sqlite3_stmt *s = db->database->statements[SQL_FIND];
    int step = SQLITE_ROW;

    *count = 0;
    (void)sqlite3_bind_blob(s, 1, id->data, id->len, SQLITE_STATIC);
    (void)sqlite3_bind_int(s, 2, LOCAL_PLACES_MAX);
    while (*count < LOCAL_PLACES_MAX && (step = sqlite3_step(s)) == SQLITE_ROW) {
        if (row_read(s, &places[*count]))
            (*count)++;
    }
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        (void)complain(db);
    (void)sqlite3_reset(s);
    (void)sqlite3_clear_bindings(s);
    return step == SQLITE_ROW || step == SQLITE_DONE;
}
