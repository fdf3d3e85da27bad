/* SPDX-License-Identifier: Apache-2.0 */
#include "settings_fixture.h"

#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "lib/directory.h"

enum {
    BUSY_MS = 60000
};

char settings_dir[64];
int settings_dir_fd = -1;
struct settings *settings;
char settings_error[256];
struct setting_values obeyed;
unsigned obeyed_count;

static void note(void *context, const struct setting_values *now)
{
    assert_ptr_equal(context, &obeyed);
    obeyed = *now;
    obeyed_count++;
}

static struct setting_option option(int number)
{
    return (struct setting_option){number != NOT_GIVEN, number == NOT_GIVEN ? 0 : (uint32_t)number};
}

enum settings_status try_start(int min, int max)
{
    struct settings_config config = {.dir = settings_dir_fd, .apply = note, .context = &obeyed};
    enum settings_status status;

    settings_close(settings);
    obeyed_count = 0;
    settings_error[0] = '\0';
    config.options[SETTING_MIN_MINOR_VERSION] = option(min);
    config.options[SETTING_MAX_MINOR_VERSION] = option(max);
    settings = settings_open(&config, &status, settings_error, sizeof(settings_error));
    assert_int_equal(settings != NULL, status == SETTINGS_OK);
    assert_int_equal(obeyed_count, status == SETTINGS_OK);
    return status;
}

void start_with(int min, int max)
{
    if (try_start(min, max) != SETTINGS_OK)
        fail_msg("%s", settings_error);
}

int settings_set_up(void **unused)
{
    (void)unused;
    (void)snprintf(settings_dir, sizeof(settings_dir), "/tmp/mainstay-settings.XXXXXX");
    settings_dir_fd = directory_make(settings_dir);
    start_with(NOT_GIVEN, NOT_GIVEN);
    return 0;
}

int settings_tear_down(void **unused)
{
    (void)unused;
    settings_close(settings);
    settings = NULL;
    (void)close(settings_dir_fd);
    return directory_remove(settings_dir);
}

static void put_row(char *text, size_t size, const char *name, const char *value)
{
    const char *quote = value ? "'" : "";

    (void)snprintf(text, size,
                   "INSERT OR REPLACE INTO setting VALUES ('%s', %s%s%s, "
                   "(SELECT ifnull(max(revision), 0) + 1 FROM setting));",
                   name, quote, value ? value : "NULL", quote);
}

void store_one(const char *name, const char *value)
{
    char text[256];

    put_row(text, sizeof(text), name, value);
    sql(text);
}

void store_both(const char *min, const char *max)
{
    char rows[2][256], text[600];

    put_row(rows[0], sizeof(rows[0]), MIN_MINOR, min);
    put_row(rows[1], sizeof(rows[1]), MAX_MINOR, max);
    (void)snprintf(text, sizeof(text), "BEGIN IMMEDIATE; %s %s COMMIT", rows[0], rows[1]);
    sql(text);
}

enum settings_status reload(void)
{
    return settings_reload(settings, settings_error, sizeof(settings_error));
}

enum settings_status set_one(const char *name, const char *value)
{
    store_one(name, value);
    return reload();
}

enum settings_status set_both(const char *min, const char *max)
{
    store_both(min, max);
    return reload();
}

void expect_range(uint32_t min, uint32_t max)
{
    struct setting_values now;

    settings_get(settings, &now);
    assert_int_equal(now.of[SETTING_MIN_MINOR_VERSION].number, min);
    assert_int_equal(now.of[SETTING_MAX_MINOR_VERSION].number, max);
    assert_int_equal(obeyed.of[SETTING_MIN_MINOR_VERSION].number, min);
    assert_int_equal(obeyed.of[SETTING_MAX_MINOR_VERSION].number, max);
}

void expect_origin(enum setting_id id, enum setting_origin origin)
{
    struct setting_values now;

    settings_get(settings, &now);
    assert_string_equal(setting_origin_name(now.of[id].origin), setting_origin_name(origin));
}

void expect_error(const char *text)
{
    if (!strstr(settings_error, text))
        fail_msg("\"%s\" does not say \"%s\"", settings_error, text);
}

void sql(const char *text)
{
    char path[128];
    sqlite3 *db;

    (void)snprintf(path, sizeof(path), "%s/settings.db", settings_dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(db, BUSY_MS), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}
