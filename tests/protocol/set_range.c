/* SPDX-License-Identifier: Apache-2.0 */
#include "set_range.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "log_lines.h"
#include "script.h"

enum {
    HANG_UP_MS = 60000,
    POLL_MS = 5
};

static void store(sqlite3 *db, const char *name, const char *value)
{
    char sql[256];

    (void)snprintf(sql, sizeof(sql),
                   "INSERT OR REPLACE INTO setting VALUES ('%s', '%s', "
                   "(SELECT ifnull(max(revision), 0) + 1 FROM setting))",
                   name, value);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static sqlite3 *open_settings(void)
{
    char path[128];
    sqlite3 *db;

    (void)snprintf(path, sizeof(path), "%s/settings.db", script_server.state);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(db, HANG_UP_MS), SQLITE_OK);
    return db;
}

static void store_number(sqlite3 *db, const char *name, uint32_t value)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "%u", value);
    store(db, name, text);
}

void store_setting(const char *name, const char *value)
{
    sqlite3 *db = open_settings();

    store(db, name, value);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

void set_setting(const char *name, uint32_t value)
{
    sqlite3 *db = open_settings();

    store_number(db, name, value);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    hang_up();
}

void store_range(uint32_t min, uint32_t max)
{
    sqlite3 *db = open_settings();

    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    store_number(db, "nfs.min_minor_version", min);
    store_number(db, "nfs.max_minor_version", max);
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

void hang_up(void)
{
    unsigned before = log_find("daemon.hangup", NULL).count;

    assert_int_equal(kill(script_server.pid, SIGHUP), 0);
    for (int waited = 0; log_find("daemon.hangup", NULL).count == before; waited += POLL_MS) {
        assert_true(waited < HANG_UP_MS);
        (void)usleep(POLL_MS * 1000);
    }
}

void set_range(uint32_t min, uint32_t max)
{
    store_range(min, max);
    hang_up();
}

void expect_served(const char *text)
{
    struct log_line line = log_find("daemon.minor_versions", NULL);

    assert_string_equal(log_value(&line, "served"), text);
}
