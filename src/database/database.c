/* SPDX-License-Identifier: Apache-2.0 */
#include "database/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATH_BYTES = 128,
    BUSY_MS = 5000, /* how long to wait for another process's lock */
    BUSY_STEP_MS = 10
};

bool database_exec(struct database *db, const char *sql)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* The first column of the first row; false when there is none. */
static bool read_number(struct database *db, const char *sql, int64_t *out)
{
    sqlite3_stmt *s = NULL;
    bool ok = sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL) == SQLITE_OK &&
              sqlite3_step(s) == SQLITE_ROW;

    if (ok)
        *out = sqlite3_column_int64(s, 0);
    (void)sqlite3_finalize(s);
    return ok;
}

void database_explain(const struct database *db, const char *why, char *error, size_t size)
{
    if (!why)
        why = db->handle ? sqlite3_errmsg(db->handle) : "out of memory";
    (void)snprintf(error, size, "%s: %s", db->kind->file, why);
}

/* Make the file readable and writable for its owner only; SQLite gives the journals the same mode.
 * An existing file is not opened, since closing it would release this process's locks on it. */
static bool make_private(const char *file, int dir)
{
    int fd = openat(dir, file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno == EEXIST && fchmodat(dir, file, 0600, 0) == 0;
    close(fd);
    return true;
}

/* SQLite's busy handler is not called while the mode changes to WAL, so wait here.  A change from
 * WAL, which older servers used, to TRUNCATE writes the log back to the database. */
static bool choose_journal(struct database *db)
{
    const char *sql =
        db->kind->shared ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = TRUNCATE";

    for (int waited = 0; !database_exec(db, sql); waited += BUSY_STEP_MS) {
        if (sqlite3_errcode(db->handle) != SQLITE_BUSY || waited >= db->busy_ms)
            return false;
        (void)sqlite3_sleep(BUSY_STEP_MS);
    }
    return database_exec(db, "PRAGMA synchronous = FULL");
}

/* With an exclusive lock SQLite needs no shared memory. */
static bool configure(struct database *db)
{
    return sqlite3_busy_timeout(db->handle, db->busy_ms) == SQLITE_OK &&
           seal_functions(db->handle) &&
           (db->kind->shared || database_exec(db, "PRAGMA locking_mode = EXCLUSIVE"));
}

struct identity {
    int64_t tables, application, version;
};

/* The caller has begun a transaction, so that the three values are consistent. */
static bool ask_identity(struct database *db, struct identity *id)
{
    return read_number(db, "SELECT count(*) FROM sqlite_master", &id->tables) &&
           read_number(db, "PRAGMA application_id", &id->application) &&
           read_number(db, "PRAGMA user_version", &id->version);
}

static bool is_empty(const struct identity *id)
{
    return id->tables == 0 && id->application == 0 && id->version == 0;
}

static bool make_seals(struct database *db)
{
    for (uint32_t i = 0; i < db->kind->seal_count; i++) {
        if (!seal_make(db->handle, &db->kind->seals[i]))
            return false;
    }
    return true;
}

static bool seals_hold(struct database *db, char *why, size_t size)
{
    bool whole = true;

    for (uint32_t i = 0; i < db->kind->seal_count; i++) {
        if (!seal_check(db->handle, &db->kind->seals[i], &whole))
            return false;
        if (!whole) {
            (void)snprintf(why, size, "damaged: records of %s were changed or lost",
                           db->kind->seals[i].table);
            return false;
        }
    }
    return true;
}

static bool write_schema(struct database *db)
{
    char sql[128];

    (void)snprintf(sql, sizeof(sql), "PRAGMA application_id = %lld; PRAGMA user_version = %lld",
                   (long long)db->kind->application_id, (long long)db->kind->version);
    return database_exec(db, db->kind->schema) && make_seals(db) && database_exec(db, sql);
}

/* Another process may have made the tables meanwhile: check again with the write lock held. */
static bool make_tables(struct database *db, struct identity *id)
{
    if (!database_exec(db, "BEGIN IMMEDIATE") || !ask_identity(db, id))
        return false;
    if (is_empty(id) && (!write_schema(db) || !ask_identity(db, id)))
        return false;
    return database_exec(db, "COMMIT");
}

static bool is_whole(struct database *db, char *why, size_t size)
{
    sqlite3_stmt *s = NULL;
    bool ok = false;

    if (sqlite3_prepare_v2(db->handle, "PRAGMA quick_check(1)", -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW) {
        const char *said = (const char *)sqlite3_column_text(s, 0);

        ok = said && strcmp(said, "ok") == 0;
        if (!ok)
            (void)snprintf(why, size, "damaged: %s", said ? said : "out of memory");
    }
    (void)sqlite3_finalize(s);
    return ok;
}

static bool upgrade_once(struct database *db, int64_t from)
{
    char sql[64];

    (void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %lld", (long long)from + 1);
    return database_exec(db, db->kind->upgrades[from - 1]) && database_exec(db, sql);
}

/* Upgrade from an older version to the current one, in one transaction. */
static bool upgrade(struct database *db)
{
    int64_t version;

    if (!database_exec(db, "BEGIN IMMEDIATE") || !read_number(db, "PRAGMA user_version", &version))
        return false;
    for (; version < db->kind->version; version++) {
        if (!upgrade_once(db, version))
            return false;
    }
    return make_seals(db) && database_exec(db, "COMMIT");
}

static bool is_ours(struct database *db, const struct identity *id, char *why, size_t size)
{
    if (id->application != db->kind->application_id) {
        (void)snprintf(why, size, "not a database of mainstayd");
        return false;
    }
    if (id->version == db->kind->version ||
        (db->kind->upgrades && id->version > 0 && id->version < db->kind->version))
        return true;
    (void)snprintf(why, size, "made by another version of mainstayd (schema %lld, not %lld)",
                   (long long)id->version, (long long)db->kind->version);
    return false;
}

/* Check that the database belongs to mainstayd, has a known version and is undamaged; upgrade an
 * older one; make the tables of an empty one.  A foreign or newer database is not written to.  If
 * `why` stays empty on failure, SQLite has the error message. */
static bool check_schema(struct database *db, char *why, size_t size)
{
    struct identity id;

    if (!database_exec(db, "BEGIN") || !ask_identity(db, &id) || !database_exec(db, "COMMIT"))
        return false;
    if (!is_empty(&id) && !is_ours(db, &id, why, size))
        return false;
    if (!choose_journal(db))
        return false;
    if (is_empty(&id) && (!make_tables(db, &id) || !is_ours(db, &id, why, size)))
        return false;
    if (!is_whole(db, why, size))
        return false;
    return id.version == db->kind->version ? seals_hold(db, why, size) : upgrade(db);
}

static bool prepare_all(struct database *db)
{
    for (uint32_t i = 0; i < db->kind->statement_count; i++) {
        if (sqlite3_prepare_v3(db->handle, db->kind->statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &db->statements[i], NULL) != SQLITE_OK)
            return false;
    }
    return true;
}

static bool is_there(const struct database_kind *kind, int dir)
{
    struct stat st;

    return fstatat(dir, kind->file, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

/* To open a FIFO would wait for ever.  A link may lead to a file, but not nowhere. */
static bool is_regular(const struct database_kind *kind, int dir, char *why, size_t size)
{
    struct stat st;

    if (fstatat(dir, kind->file, &st, 0) != 0)
        (void)snprintf(why, size, "%s", strerror(errno));
    else if (!S_ISREG(st.st_mode))
        (void)snprintf(why, size, "not a regular file");
    else
        return true;
    return false;
}

static bool prepare_file(const struct database_kind *kind, int dir, char *why, size_t size)
{
    if (is_there(kind, dir) && !is_regular(kind, dir, why, size))
        return false;
    if (make_private(kind->file, dir))
        return true;
    (void)snprintf(why, size, "%s", strerror(errno));
    return false;
}

struct database *database_open(const struct database_kind *kind, int dir, char *error, size_t size)
{
    bool busy;

    return database_open_soon(kind, dir, BUSY_MS, &busy, error, size);
}

struct database *database_open_soon(const struct database_kind *kind, int dir, int busy_ms,
                                    bool *busy, char *error, size_t size)
{
    struct database *db = must_calloc(1, sizeof(*db));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    char path[PATH_BYTES], why[128] = "";

    db->kind = kind;
    db->busy_ms = busy_ms;
    db->statements = must_calloc(kind->statement_count, sizeof(*db->statements));
    *busy = false;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, kind->file);
    if (prepare_file(kind, dir, why, sizeof(why)) &&
        sqlite3_open_v2(path, &db->handle, flags, NULL) == SQLITE_OK && configure(db) &&
        check_schema(db, why, sizeof(why)) && prepare_all(db))
        return db;
    *busy = !*why && db->handle && sqlite3_errcode(db->handle) == SQLITE_BUSY;
    database_explain(db, *why ? why : NULL, error, size);
    database_close(db);
    return NULL;
}

/* A journal may hold changes of a running or crashed process; only a writer can apply them. */
static bool has_journal(const struct database_kind *kind, int dir)
{
    static const char *const ends[] = {"-journal", "-wal"};
    char name[PATH_BYTES];
    struct stat st;

    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        (void)snprintf(name, sizeof(name), "%s%s", kind->file, ends[i]);
        if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > 0)
            return true;
    }
    return false;
}

/* *usable: the tables have the current version. */
static bool peek_schema(struct database *db, bool *usable, char *why, size_t size)
{
    struct identity id;

    *usable = false;
    if (!ask_identity(db, &id))
        return false;
    if (is_empty(&id))
        return true;
    if (!is_ours(db, &id, why, size) || !is_whole(db, why, size))
        return false;
    if (id.version < db->kind->version)
        return true;
    *usable = true;
    return seals_hold(db, why, size) && prepare_all(db);
}

bool database_peek(const struct database_kind *kind, int dir, struct database **out, char *error,
                   size_t size)
{
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    char path[PATH_BYTES], why[128] = "";
    struct database *db;
    bool good, usable = false;

    *out = NULL;
    if (!is_there(kind, dir) || has_journal(kind, dir))
        return true;
    if (!is_regular(kind, dir, why, sizeof(why))) {
        (void)snprintf(error, size, "%s: %s", kind->file, why);
        return false;
    }
    db = must_calloc(1, sizeof(*db));
    db->kind = kind;
    db->statements = must_calloc(kind->statement_count, sizeof(*db->statements));
    (void)snprintf(path, sizeof(path), "file:/proc/self/fd/%d/%s?immutable=1", dir, kind->file);
    good = sqlite3_open_v2(path, &db->handle, flags, NULL) == SQLITE_OK &&
           seal_functions(db->handle) && peek_schema(db, &usable, why, sizeof(why));
    if (!good)
        database_explain(db, *why ? why : NULL, error, size);
    if (good && usable)
        *out = db;
    else
        database_close(db);
    return good;
}

void database_close(struct database *db)
{
    if (!db)
        return;
    for (uint32_t i = 0; i < db->kind->statement_count; i++)
        (void)sqlite3_finalize(db->statements[i]);
    (void)sqlite3_close(db->handle);
    free(db->statements);
    free(db);
}

bool database_run(struct database *db, uint32_t statement)
{
    sqlite3_stmt *s = db->statements[statement];
    bool ok = sqlite3_step(s) == SQLITE_DONE;

    (void)sqlite3_reset(s);
    (void)sqlite3_clear_bindings(s);
    return ok;
}

/* Is the file still at its path?  SQLite itself checks this only when it opens a journal. */
static bool is_in_place(struct database *db)
{
    int moved = 0;

    return sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
           !moved;
}

bool database_commit(struct database *db)
{
    return is_in_place(db) && database_exec(db, "COMMIT");
}

const char *database_failure(struct database *db)
{
    return is_in_place(db) ? sqlite3_errmsg(db->handle)
                           : "the file was removed or replaced; restart the server";
}

void database_rollback(struct database *db)
{
    if (!sqlite3_get_autocommit(db->handle))
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}
