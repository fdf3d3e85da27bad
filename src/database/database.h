/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small SQLite databases of the state directory: opened, created and checked in one way.  What
 * a COMMIT confirmed survives a power failure.  Mode 0600.  A file that is not ours, has an unknown
 * version or is damaged is rejected and left unchanged.
 *
 * A database that other processes may open uses a write-ahead log.  All others use a rollback
 * journal that is empty between transactions, because SQLite takes a damaged record in a
 * write-ahead log for its end: confirmed transactions would be lost without an error.
 *
 * One thread at a time.  Statements are SQLite's own; only their preparation is done here.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "database/seal.h"

/* The kind of a database; constant. */
struct database_kind {
    const char *file;       /* name in the directory */
    int64_t application_id; /* identifies our files, so that those of other programs are rejected */
    int64_t version;        /* of the schema */
    const char *schema;     /* creates the tables in an empty file */
    const char *const
        *upgrades; /* [i] converts version i + 1 to i + 2; NULL: there is only one version */
    bool shared;   /* other processes may open it, too */
    const struct seal *seals; /* of the tables whose content is checked when it is opened */
    uint32_t seal_count;
    uint32_t statement_count;
    const char *const *statements;
};

struct database {
    const struct database_kind *kind;
    int busy_ms;
    sqlite3 *handle;
    sqlite3_stmt **statements;
};

/* Open the database in the directory `dir`; create it if it does not exist.  Waits some seconds
 * while another process has it locked.  NULL with a reason in `error`, which begins with the file's
 * name. */
struct database *database_open(const struct database_kind *kind, int dir, char *error,
                               size_t size) MUST_USE;

/* The same, for a thread that others wait for: waits `busy_ms` for a lock, then and whenever the
 * database is used.  *busy: it is NULL because of a lock. */
struct database *database_open_soon(const struct database_kind *kind, int dir, int busy_ms,
                                    bool *busy, char *error, size_t size) MUST_USE;

/* The same without writing anything.  True if database_open() would accept the file, as far as can
 * be seen. *db can then be read; its schema is not upgraded. *db is NULL if the file is missing or
 * empty, needs recovery from its journal, or has an older version. */
bool database_peek(const struct database_kind *kind, int dir, struct database **db, char *error,
                   size_t size) MUST_USE;

/* NULL is allowed. */
void database_close(struct database *db);

/* Write "FILE: why" to `error`; if `why` is NULL, with SQLite's message for the last failure. */
void database_explain(const struct database *db, const char *why, char *error, size_t size);

/* Execute statements without results and bindings. */
bool database_exec(struct database *db, const char *sql) MUST_USE;

/* Run a prepared statement to its end, and reset it. */
bool database_run(struct database *db, uint32_t statement) MUST_USE;

/* COMMIT.  Also false when the file is no longer at its place: the next start would not find what
 * was written. */
bool database_commit(struct database *db) MUST_USE;

/* The reason of a failure. */
const char *database_failure(struct database *db);

/* Roll back a failed transaction, unless SQLite has done so.  Clears SQLite's message for the
 * failure. */
void database_rollback(struct database *db);
