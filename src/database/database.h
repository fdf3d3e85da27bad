/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small SQLite databases of the state directory: opened, made or checked in one way.  What a
 * COMMIT confirmed survives a power failure; mode 0600; a file that is not ours, of another version
 * or damaged is refused and left as it is.
 *
 * One that other processes may have open uses a write-ahead log.  All others use a rollback journal
 * which is empty between transactions: SQLite takes a damaged end of a write-ahead log for its end,
 * and what was confirmed would be gone without a word.
 *
 * One thread at a time.  Statements are SQLite's own: only their preparation is done here.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "database/seal.h"

/* What kind of database it is; constant. */
struct database_kind {
    const char *file;       /* its name in the directory */
    int64_t application_id; /* so that nobody takes another program's for ours */
    int64_t version;        /* of the schema */
    const char *schema;     /* what makes the tables in an empty file */
    const char *const
        *upgrades; /* [i] makes version i + 2 of version i + 1; NULL: there was but one */
    bool shared;   /* other processes may have it open too */
    const struct seal *seals; /* of the tables whose content is checked at the start */
    uint32_t seal_count;
    uint32_t statement_count;
    const char *const *statements;
};

struct database {
    const struct database_kind *kind;
    sqlite3 *handle;
    sqlite3_stmt **statements;
};

/* Open, make or check the one in the directory `dir`.  NULL and a reason, which begins with the
 * file's name, at `error`. */
struct database *database_open(const struct database_kind *kind, int dir, char *error,
                               size_t size) MUST_USE;

/* The same without writing anything: true if database_open() would not refuse the file, as far as
 * can be seen, and *db to read from it, without its schema brought up to date.  NULL: it is missing
 * or empty, has to be recovered from its journal first, or is of an older version. */
bool database_peek(const struct database_kind *kind, int dir, struct database **db, char *error,
                   size_t size) MUST_USE;

/* `db` may be NULL. */
void database_close(struct database *db);

/* "FILE: why" at `error`; `why` NULL: what SQLite says about the last failure. */
void database_explain(const struct database *db, const char *why, char *error, size_t size);

/* Statements without results and without bindings. */
bool database_exec(struct database *db, const char *sql) MUST_USE;

/* Run one of the statements to its end, and make it ready for the next time. */
bool database_run(struct database *db, uint32_t statement) MUST_USE;

/* COMMIT.  False, too, when the file is no longer where it was opened: the next start would not
 * find what is written to it. */
bool database_commit(struct database *db) MUST_USE;

/* What is wrong after a failure. */
const char *database_failure(struct database *db);

/* End a transaction that failed, if SQLite has not done that by itself.  Forgets what SQLite says
 * about the failure. */
void database_rollback(struct database *db);
