/* SPDX-License-Identifier: Apache-2.0 */
#include "state/recovery/recovery_db.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "database/database.h"
#include "state/state.h"
#include "wire/rpc_msg.h"

enum statement {
    SQL_PUT,
    SQL_DELETE,
    SQL_LOAD,
    SQL_LEASE,
    SQL_SET_LEASE,
    SQL_COUNT,
};

static const char *const sql_text[SQL_COUNT] = {
    [SQL_PUT] = "INSERT INTO client (owner, flavor, uid, kind, lost) VALUES (?,?,?,?,?)"
                " ON CONFLICT DO UPDATE SET lost = excluded.lost",
    [SQL_DELETE] = "DELETE FROM client WHERE owner = ? AND flavor = ? AND uid = ? AND kind = ?",
    [SQL_LOAD] = "SELECT owner, flavor, uid, kind, lost FROM client",
    [SQL_LEASE] = "SELECT lease_s FROM server WHERE id = 1",
    [SQL_SET_LEASE] = "INSERT INTO server (id, lease_s) VALUES (1, ?)"
                      " ON CONFLICT DO UPDATE SET lease_s = excluded.lease_s",
};

/* `kind` is enum client_kind; `uid` is recovery_key.who. */
#define CLIENT_TABLE                                                                               \
    "CREATE TABLE client ("                                                                        \
    " owner BLOB NOT NULL, flavor INTEGER NOT NULL, uid INTEGER NOT NULL, kind INTEGER NOT NULL,"  \
    " lost INTEGER NOT NULL,"                                                                      \
    " PRIMARY KEY (owner, flavor, uid, kind)) WITHOUT ROWID;"

static const char *const client_columns[] = {"owner", "flavor", "uid", "kind", "lost", NULL};
static const char *const server_columns[] = {"id", "lease_s", NULL};

static const struct seal seals[] = {
    {"client", client_columns},
    {"server", server_columns},
};

/* The first version knew clients of 4.1 only; the second had no seals. */
static const char *const upgrades[] = {
    "ALTER TABLE client RENAME TO client_1;" CLIENT_TABLE
    "INSERT INTO client SELECT owner, flavor, uid, 1, lost FROM client_1;"
    "DROP TABLE client_1;",
    "",
};

static const struct database_kind kind = {
    .file = "recovery.db",
    .application_id = 0x4d4e5354, /* 'MNST' */
    .version = 3,
    .schema = CLIENT_TABLE "CREATE TABLE server (id INTEGER PRIMARY KEY, lease_s INTEGER)",
    .upgrades = upgrades,
    .seals = seals,
    .seal_count = ARRAY_SIZE(seals),
    .statement_count = SQL_COUNT,
    .statements = sql_text,
};

struct recovery_db {
    struct database *database;
    struct log_limit failures; /* every request brings one while the disk is full */
};

struct recovery_db *recovery_db_open(int dir, char *error, size_t size)
{
    struct database *database = database_open(&kind, dir, error, size);
    struct recovery_db *db;

    if (!database)
        return NULL;
    db = must_calloc(1, sizeof(*db));
    db->database = database;
    return db;
}

void recovery_db_close(struct recovery_db *db)
{
    if (!db)
        return;
    database_close(db->database);
    free(db);
}

bool recovery_db_check(int dir, char *error, size_t size)
{
    struct database *database;
    bool good = database_peek(&kind, dir, &database, error, size);

    database_close(database);
    return good;
}

static sqlite3_stmt *statement(struct recovery_db *db, enum statement which)
{
    return db->database->statements[which];
}

/* The database is a file like any other: what cannot have come from us is damage. */
static bool row_read(sqlite3_stmt *s, struct recovery_key *key)
{
    int len = sqlite3_column_bytes(s, 0);
    sqlite3_int64 flavor = sqlite3_column_int64(s, 1), who = sqlite3_column_int64(s, 2);
    sqlite3_int64 of = sqlite3_column_int64(s, 3);

    if (sqlite3_column_type(s, 0) != SQLITE_BLOB || len > (int)LIMIT_CLIENT_OWNER_BYTES ||
        flavor < 0 || flavor > UINT32_MAX || who < 0 ||
        (flavor != RPCSEC_GSS && who > UINT32_MAX) || (of != CLIENT_V40 && of != CLIENT_V41))
        return false;
    *key = (struct recovery_key){.kind = (uint32_t)of,
                                 .flavor = (uint32_t)flavor,
                                 .who = (uint64_t)who,
                                 .owner = sqlite3_column_blob(s, 0),
                                 .len = (uint32_t)len};
    return true;
}

bool recovery_db_load(struct recovery_db *db,
                      bool (*each)(void *arg, const struct recovery_key *key, bool lost), void *arg,
                      char *error, size_t size)
{
    sqlite3_stmt *s = statement(db, SQL_LOAD);
    const char *why = NULL;
    int step = SQLITE_ROW;

    while (!why && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct recovery_key key;

        if (!row_read(s, &key))
            why = "damaged: a record has an invalid value";
        else if (!each(arg, &key, sqlite3_column_int64(s, 4) != 0))
            why = "more records than there can be clients";
    }
    if (step != SQLITE_DONE)
        database_explain(db->database, why, error, size);
    (void)sqlite3_reset(s);
    return step == SQLITE_DONE;
}

uint32_t recovery_db_lease_s(struct recovery_db *db)
{
    sqlite3_stmt *s = statement(db, SQL_LEASE);
    sqlite3_int64 lease_s = 0;

    if (sqlite3_step(s) == SQLITE_ROW)
        lease_s = sqlite3_column_int64(s, 0);
    (void)sqlite3_reset(s);
    return lease_s > 0 && lease_s <= LIMIT_LEASE_S ? (uint32_t)lease_s : 0;
}

static bool fail(struct recovery_db *db)
{
    if (log_limit_take(&db->failures, clock_now_ns(), 1))
        log_error_taken(&db->failures, "recovery.db",
                        LOG_STR("error", database_failure(db->database)));
    database_rollback(db->database);
    return false;
}

static bool run(struct recovery_db *db, enum statement which)
{
    return database_run(db->database, which) || fail(db);
}

static void bind_key(sqlite3_stmt *s, const struct recovery_key *key)
{
    /* An empty owner is a blob too: a null pointer would bind NULL. */
    (void)sqlite3_bind_blob(s, 1, key->len ? (const void *)key->owner : "", (int)key->len,
                            SQLITE_STATIC);
    (void)sqlite3_bind_int64(s, 2, key->flavor);
    (void)sqlite3_bind_int64(s, 3, (sqlite3_int64)key->who);
    (void)sqlite3_bind_int64(s, 4, key->kind);
}

bool recovery_db_begin(struct recovery_db *db)
{
    return database_exec(db->database, "BEGIN IMMEDIATE") || fail(db);
}

bool recovery_db_put(struct recovery_db *db, const struct recovery_key *key, bool lost)
{
    bind_key(statement(db, SQL_PUT), key);
    (void)sqlite3_bind_int(statement(db, SQL_PUT), 5, lost);
    return run(db, SQL_PUT);
}

bool recovery_db_delete(struct recovery_db *db, const struct recovery_key *key)
{
    bind_key(statement(db, SQL_DELETE), key);
    return run(db, SQL_DELETE);
}

bool recovery_db_set_lease_s(struct recovery_db *db, uint32_t lease_s)
{
    (void)sqlite3_bind_int64(statement(db, SQL_SET_LEASE), 1, lease_s);
    return run(db, SQL_SET_LEASE);
}

bool recovery_db_commit(struct recovery_db *db)
{
    return database_commit(db->database) || fail(db);
}
