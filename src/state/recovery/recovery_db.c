/* SPDX-License-Identifier: Apache-2.0 */
#include "state/recovery/recovery_db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/log_limit.h"

enum {
    SCHEMA_VERSION = 1,
    PATH_BYTES = 64
};

enum statement {
    SQL_PUT,
    SQL_DELETE,
    SQL_LOAD,
    SQL_LEASE,
    SQL_SET_LEASE,
    SQL_COUNT,
};

static const char *const sql_text[SQL_COUNT] = {
    [SQL_PUT] = "INSERT OR REPLACE INTO client (owner, flavor, uid, lost) VALUES (?,?,?,?)",
    [SQL_DELETE] = "DELETE FROM client WHERE owner = ? AND flavor = ? AND uid = ?",
    [SQL_LOAD] = "SELECT owner, flavor, uid, lost FROM client",
    [SQL_LEASE] = "SELECT lease_s FROM server WHERE id = 1",
    [SQL_SET_LEASE] = "INSERT OR REPLACE INTO server (id, lease_s) VALUES (1, ?)",
};

/* Nobody else may have it open, so no shared memory is needed. */
static const char settings[] = "PRAGMA locking_mode = EXCLUSIVE;"
                               "PRAGMA journal_mode = WAL;"
                               "PRAGMA synchronous = FULL;";

/* 'MNST', so that nobody takes another program's database for ours. */
static const char schema[] = "BEGIN IMMEDIATE;"
                             "CREATE TABLE client ("
                             " owner BLOB NOT NULL, flavor INTEGER NOT NULL, uid INTEGER NOT NULL,"
                             " lost INTEGER NOT NULL,"
                             " PRIMARY KEY (owner, flavor, uid)) WITHOUT ROWID;"
                             "CREATE TABLE server (id INTEGER PRIMARY KEY, lease_s INTEGER);"
                             "PRAGMA application_id = 1296978772;"
                             "PRAGMA user_version = 1;"
                             "COMMIT;";

enum {
    APPLICATION_ID = 1296978772
};

struct recovery_db {
    sqlite3 *handle;
    sqlite3_stmt *statements[SQL_COUNT];
    struct log_limit failures; /* every request brings one while the disk is full */
};

static bool exec(struct recovery_db *db, const char *sql)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* The first column of the first row; false when there is none. */
static bool ask_number(struct recovery_db *db, const char *sql, int64_t *out)
{
    sqlite3_stmt *s = NULL;
    bool ok = sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL) == SQLITE_OK &&
              sqlite3_step(s) == SQLITE_ROW;

    if (ok)
        *out = sqlite3_column_int64(s, 0);
    (void)sqlite3_finalize(s);
    return ok;
}

static bool is_whole(struct recovery_db *db, char *error, size_t size)
{
    sqlite3_stmt *s = NULL;
    bool ok = false;

    if (sqlite3_prepare_v2(db->handle, "PRAGMA quick_check(1)", -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW) {
        const char *said = (const char *)sqlite3_column_text(s, 0);

        ok = said && strcmp(said, "ok") == 0;
        if (!ok)
            (void)snprintf(error, size, "damaged: %s", said ? said : "out of memory");
    }
    (void)sqlite3_finalize(s);
    return ok;
}

/* Ours, of this version, and whole; or made now.  `error` may stay empty: then SQLite knows why. */
static bool check_schema(struct recovery_db *db, char *error, size_t size)
{
    int64_t tables, application, version;

    if (!ask_number(db, "SELECT count(*) FROM sqlite_master", &tables) ||
        !ask_number(db, "PRAGMA application_id", &application) ||
        !ask_number(db, "PRAGMA user_version", &version))
        return false;
    if (tables == 0 && application == 0 && version == 0)
        return exec(db, schema);
    if (application != APPLICATION_ID) {
        (void)snprintf(error, size, "not a database of mainstayd");
        return false;
    }
    if (version != SCHEMA_VERSION) {
        (void)snprintf(error, size, "made by another version of mainstayd (schema %lld, not %d)",
                       (long long)version, SCHEMA_VERSION);
        return false;
    }
    return is_whole(db, error, size);
}

static bool prepare_all(struct recovery_db *db)
{
    for (int i = 0; i < SQL_COUNT; i++) {
        if (sqlite3_prepare_v3(db->handle, sql_text[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &db->statements[i], NULL) != SQLITE_OK)
            return false;
    }
    return true;
}

static void explain(struct recovery_db *db, const char *why, char *error, size_t size)
{
    if (*why == '\0')
        why = db->handle ? sqlite3_errmsg(db->handle) : "out of memory";
    (void)snprintf(error, size, "recovery.db: %s", why);
}

/* Names of clients are nobody's business.  SQLite gives its other file the same mode. */
static bool make_private(int dir)
{
    int fd = openat(dir, "recovery.db", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && fchmod(fd, 0600) == 0;

    if (fd >= 0)
        close(fd);
    return ok;
}

struct recovery_db *recovery_db_open(int dir, char *error, size_t size)
{
    struct recovery_db *db = must_calloc(1, sizeof(*db));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    char path[PATH_BYTES], why[128] = "";

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d/recovery.db", dir);
    if (!make_private(dir))
        (void)snprintf(why, sizeof(why), "%s", strerror(errno));
    else if (sqlite3_open_v2(path, &db->handle, flags, NULL) == SQLITE_OK && exec(db, settings) &&
             check_schema(db, why, sizeof(why)) && prepare_all(db))
        return db;
    explain(db, why, error, size);
    recovery_db_close(db);
    return NULL;
}

void recovery_db_close(struct recovery_db *db)
{
    if (!db)
        return;
    for (int i = 0; i < SQL_COUNT; i++)
        (void)sqlite3_finalize(db->statements[i]);
    (void)sqlite3_close(db->handle);
    free(db);
}

/* The database is a file like any other: what cannot have come from us is damage. */
static bool row_read(sqlite3_stmt *s, struct recovery_key *key)
{
    int len = sqlite3_column_bytes(s, 0);
    sqlite3_int64 flavor = sqlite3_column_int64(s, 1), uid = sqlite3_column_int64(s, 2);

    if (sqlite3_column_type(s, 0) != SQLITE_BLOB || len > (int)LIMIT_CLIENT_OWNER_BYTES ||
        flavor < 0 || flavor > UINT32_MAX || uid < 0 || uid > UINT32_MAX)
        return false;
    *key = (struct recovery_key){.flavor = (uint32_t)flavor,
                                 .uid = (uint32_t)uid,
                                 .owner = sqlite3_column_blob(s, 0),
                                 .len = (uint32_t)len};
    return true;
}

bool recovery_db_load(struct recovery_db *db,
                      bool (*each)(void *arg, const struct recovery_key *key, bool lost), void *arg,
                      char *error, size_t size)
{
    sqlite3_stmt *s = db->statements[SQL_LOAD];
    const char *why = "";
    int step = SQLITE_ROW;

    while (*why == '\0' && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct recovery_key key;

        if (!row_read(s, &key))
            why = "damaged: a record makes no sense";
        else if (!each(arg, &key, sqlite3_column_int64(s, 3) != 0))
            why = "more records than there can be clients";
    }
    if (step != SQLITE_DONE)
        explain(db, why, error, size);
    (void)sqlite3_reset(s);
    return step == SQLITE_DONE;
}

uint32_t recovery_db_lease_s(struct recovery_db *db)
{
    sqlite3_stmt *s = db->statements[SQL_LEASE];
    sqlite3_int64 lease_s = 0;

    if (sqlite3_step(s) == SQLITE_ROW)
        lease_s = sqlite3_column_int64(s, 0);
    (void)sqlite3_reset(s);
    return lease_s > 0 && lease_s <= LIMIT_LEASE_S ? (uint32_t)lease_s : 0;
}

static bool fail(struct recovery_db *db)
{
    if (log_limit_take(&db->failures, clock_now_ns(), 1))
        log_error("recovery.db", LOG_STR("error", sqlite3_errmsg(db->handle)),
                  LOG_U64("left_out", log_limit_left_out(&db->failures)));
    if (!sqlite3_get_autocommit(db->handle))
        (void)exec(db, "ROLLBACK");
    return false;
}

static bool run(struct recovery_db *db, sqlite3_stmt *s)
{
    bool ok = sqlite3_step(s) == SQLITE_DONE;

    if (!ok)
        (void)fail(db);
    (void)sqlite3_reset(s);
    (void)sqlite3_clear_bindings(s);
    return ok;
}

static void bind_key(sqlite3_stmt *s, const struct recovery_key *key)
{
    /* An empty owner is a blob too: a null pointer would bind NULL. */
    (void)sqlite3_bind_blob(s, 1, key->len ? (const void *)key->owner : "", (int)key->len,
                            SQLITE_STATIC);
    (void)sqlite3_bind_int64(s, 2, key->flavor);
    (void)sqlite3_bind_int64(s, 3, key->uid);
}

bool recovery_db_begin(struct recovery_db *db)
{
    return exec(db, "BEGIN IMMEDIATE") || fail(db);
}

bool recovery_db_put(struct recovery_db *db, const struct recovery_key *key, bool lost)
{
    bind_key(db->statements[SQL_PUT], key);
    (void)sqlite3_bind_int(db->statements[SQL_PUT], 4, lost);
    return run(db, db->statements[SQL_PUT]);
}

bool recovery_db_delete(struct recovery_db *db, const struct recovery_key *key)
{
    bind_key(db->statements[SQL_DELETE], key);
    return run(db, db->statements[SQL_DELETE]);
}

bool recovery_db_set_lease_s(struct recovery_db *db, uint32_t lease_s)
{
    (void)sqlite3_bind_int64(db->statements[SQL_SET_LEASE], 1, lease_s);
    return run(db, db->statements[SQL_SET_LEASE]);
}

bool recovery_db_commit(struct recovery_db *db)
{
    return exec(db, "COMMIT") || fail(db);
}
