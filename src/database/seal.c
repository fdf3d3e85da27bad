/* SPDX-License-Identifier: Apache-2.0 */
#include "database/seal.h"

#include <stdint.h>
#include <stdio.h>

#include "base/htable.h"

enum {
    SQL_BYTES = 2048,
    LIST_BYTES = 256,
};

/* ---- the functions ---- */

/* The type and the length are part of it: no value can pass for two others. */
static uint64_t hash_value(uint64_t hash, sqlite3_value *value)
{
    int type = sqlite3_value_type(value);
    int64_t number = type == SQLITE_INTEGER ? sqlite3_value_int64(value) : 0;
    const void *data = type == SQLITE_INTEGER ? NULL : sqlite3_value_blob(value);
    int64_t len = type == SQLITE_INTEGER ? 0 : sqlite3_value_bytes(value);
    const int64_t head[3] = {type, number, len};

    hash = hash_bytes(head, sizeof(head), hash);
    return len > 0 ? hash_bytes(data, (size_t)len, hash) : hash;
}

static uint64_t hash_row(int count, sqlite3_value **values)
{
    uint64_t hash = 0;

    for (int i = 0; i < count; i++)
        hash = hash_value(hash, values[i]);
    return hash;
}

/* seal_with(sum, column, ...): the sum with that row.  Additions wrap around. */
static void seal_with(sqlite3_context *context, int count, sqlite3_value **values)
{
    uint64_t sum = (uint64_t)sqlite3_value_int64(values[0]);

    sqlite3_result_int64(context, (int64_t)(sum + hash_row(count - 1, values + 1)));
}

/* seal_without(sum, column, ...): the sum without that row. */
static void seal_without(sqlite3_context *context, int count, sqlite3_value **values)
{
    uint64_t sum = (uint64_t)sqlite3_value_int64(values[0]);

    sqlite3_result_int64(context, (int64_t)(sum - hash_row(count - 1, values + 1)));
}

/* seal_sum(column, ...): the sum of all rows, an aggregate. */
static void seal_sum_step(sqlite3_context *context, int count, sqlite3_value **values)
{
    uint64_t *sum = sqlite3_aggregate_context(context, sizeof(*sum));

    if (sum)
        *sum += hash_row(count, values);
    else
        sqlite3_result_error_nomem(context);
}

static void seal_sum_final(sqlite3_context *context)
{
    const uint64_t *sum = sqlite3_aggregate_context(context, 0);

    sqlite3_result_int64(context, sum ? (int64_t)*sum : 0);
}

bool seal_functions(sqlite3 *handle)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;

    return sqlite3_create_function_v2(handle, "seal_with", -1, flags, NULL, seal_with, NULL, NULL,
                                      NULL) == SQLITE_OK &&
           sqlite3_create_function_v2(handle, "seal_without", -1, flags, NULL, seal_without, NULL,
                                      NULL, NULL) == SQLITE_OK &&
           sqlite3_create_function_v2(handle, "seal_sum", -1, flags, NULL, NULL, seal_sum_step,
                                      seal_sum_final, NULL) == SQLITE_OK;
}

/* ---- tables ---- */

/* "new.owner, new.flavor": the columns, each with the prefix. */
static void list_columns(const struct seal *seal, const char *prefix, char list[LIST_BYTES])
{
    size_t len = 0;

    for (const char *const *column = seal->columns; *column; column++) {
        int put =
            snprintf(list + len, LIST_BYTES - len, "%s%s%s", len ? ", " : "", prefix, *column);

        CHECK(put > 0 && (size_t)put < LIST_BYTES - len);
        len += (size_t)put;
    }
}

static bool exec(sqlite3 *handle, const char *sql)
{
    return sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* `event` is INSERT, DELETE or UPDATE; `sum` the SQL for the sum afterwards. */
static bool make_trigger(sqlite3 *handle, const struct seal *seal, const char *event,
                         const char *sum, int rows)
{
    char sql[SQL_BYTES];
    int len = snprintf(sql, sizeof(sql),
                       "DROP TRIGGER IF EXISTS seal_%s_%s;"
                       "CREATE TRIGGER seal_%s_%s AFTER %s ON %s BEGIN"
                       " UPDATE seal SET sum = %s, rows = rows + %d WHERE name = '%s'; END",
                       seal->table, event, seal->table, event, event, seal->table, sum, rows,
                       seal->table);

    CHECK(len > 0 && len < (int)sizeof(sql));
    return exec(handle, sql);
}

static bool make_triggers(sqlite3 *handle, const struct seal *seal)
{
    char fresh[LIST_BYTES], old[LIST_BYTES];
    char with[LIST_BYTES + 32], without[LIST_BYTES + 32], both[2 * LIST_BYTES + 64];

    list_columns(seal, "new.", fresh);
    list_columns(seal, "old.", old);
    (void)snprintf(with, sizeof(with), "seal_with(sum, %s)", fresh);
    (void)snprintf(without, sizeof(without), "seal_without(sum, %s)", old);
    (void)snprintf(both, sizeof(both), "seal_with(%s, %s)", without, fresh);
    return make_trigger(handle, seal, "INSERT", with, 1) &&
           make_trigger(handle, seal, "DELETE", without, -1) &&
           make_trigger(handle, seal, "UPDATE", both, 0);
}

bool seal_make(sqlite3 *handle, const struct seal *seal)
{
    char columns[LIST_BYTES], sql[SQL_BYTES];

    list_columns(seal, "", columns);
    (void)snprintf(sql, sizeof(sql),
                   "CREATE TABLE IF NOT EXISTS seal ("
                   " name TEXT NOT NULL PRIMARY KEY, rows INTEGER NOT NULL, sum INTEGER NOT NULL)"
                   " WITHOUT ROWID;"
                   "INSERT OR REPLACE INTO seal SELECT '%s', count(*), seal_sum(%s) FROM %s",
                   seal->table, columns, seal->table);
    return exec(handle, sql) && make_triggers(handle, seal);
}

bool seal_check(sqlite3 *handle, const struct seal *seal, bool *whole)
{
    char columns[LIST_BYTES], sql[SQL_BYTES];
    sqlite3_stmt *s = NULL;
    bool ok;

    list_columns(seal, "", columns);
    /* The triggers too: without them the next change would break the seal. */
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) = (SELECT rows FROM seal WHERE name = '%s')"
                   " AND seal_sum(%s) = (SELECT sum FROM seal WHERE name = '%s')"
                   " AND (SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"
                   "      AND tbl_name = '%s' AND name LIKE 'seal\\_%%' ESCAPE '\\') = 3 FROM %s",
                   seal->table, columns, seal->table, seal->table, seal->table);
    ok =
        sqlite3_prepare_v2(handle, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW;
    *whole = ok && sqlite3_column_int(s, 0) == 1;
    (void)sqlite3_finalize(s);
    return ok;
}
