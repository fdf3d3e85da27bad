/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.db: changes by other processes, a full disk, files that are damaged or belong to another
 * program.
 */
#include "settings_fixture.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/disk.h"

enum {
    FILE_BYTES = 1 << 16,
    PROCESSES = 4,
    ROUNDS = 15
};

struct content {
    char data[FILE_BYTES];
    size_t len;
};

static const char *db_path(void)
{
    static char path[128];

    (void)snprintf(path, sizeof(path), "%s/settings.db", settings_dir);
    return path;
}

static void file_read(struct content *content)
{
    FILE *file = fopen(db_path(), "r");

    assert_non_null(file);
    content->len = fread(content->data, 1, FILE_BYTES, file);
    assert_int_equal(fclose(file), 0);
    assert_true(content->len < FILE_BYTES);
}

static void file_write(const void *data, size_t len)
{
    FILE *file = fopen(db_path(), "w");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* S20-51: a stored value takes effect without a restart, but not before a reload. */
static void stored_then_reloaded(void **unused)
{
    (void)unused;
    store_one(MIN_MINOR, "1");
    expect_range(0, 2);
    assert_int_equal(reload(), SETTINGS_OK);
    expect_range(1, 2);
    assert_int_equal(obeyed_count, 2);
}

/* Other processes change the file while the server reads it: it sees each change whole or not at
 * all. */
static void child(int which)
{
    for (int i = 0; i < ROUNDS; i++)
        store_both((which + i) % 2 ? "0" : "1", (which + i) % 2 ? "0" : "1");
    _exit(0);
}

static void processes(void (*what)(int), void (*meanwhile)(void))
{
    pid_t pids[PROCESSES];
    int status;

    (void)fflush(NULL);
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            what(i);
    }
    if (meanwhile)
        meanwhile();
    for (int i = 0; i < PROCESSES; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
}

static void read_pairs(void)
{
    struct setting_values now;

    for (int i = 0; i < ROUNDS; i++) {
        if (reload() != SETTINGS_OK)
            fail_msg("%s", settings_error);
        settings_get(settings, &now);
        if (now.of[SETTING_MAX_MINOR_VERSION].origin == SETTING_STORED)
            assert_int_equal(now.of[SETTING_MIN_MINOR_VERSION].number,
                             now.of[SETTING_MAX_MINOR_VERSION].number);
    }
}

static void changed_while_read(void **unused)
{
    struct setting_state states[SETTING_COUNT];

    (void)unused;
    processes(child, read_pairs);
    assert_int_equal(reload(), SETTINGS_OK);
    (void)settings_list(settings, states);
    assert_int_equal(states[1].revision, 2 * PROCESSES * ROUNDS);
}

static void open_only(int which)
{
    const struct settings_config config = {.dir = settings_dir_fd};
    enum settings_status status;
    struct settings *mine = settings_open(&config, &status, settings_error, sizeof(settings_error));

    (void)which;
    if (!mine) {
        (void)fprintf(stderr, "%s\n", settings_error); /* _exit() writes no buffers */
        _exit(1);
    }
    settings_close(mine);
    _exit(0);
}

/* Several at a time find no file, and all continue with the one that one of them creates. */
static void made_at_once(void **unused)
{
    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        assert_int_equal(unlink(db_path()), 0);
        processes(open_only, NULL);
    }
    start_with(NOT_GIVEN, NOT_GIVEN);
    expect_range(0, 2);
}

static int told[2];

/* Another process locks the file for a moment: `take` and `give` are SQL. */
static pid_t hold(const char *take, const char *give)
{
    pid_t pid;
    char byte;

    assert_int_equal(pipe(told), 0);
    (void)fflush(NULL);
    pid = fork();
    if (pid == 0) {
        sqlite3 *db;

        if (sqlite3_open(db_path(), &db) != SQLITE_OK ||
            sqlite3_exec(db, take, NULL, NULL, NULL) != SQLITE_OK || write(told[1], "x", 1) != 1)
            _exit(1);
        (void)usleep(300 * 1000);
        _exit(sqlite3_exec(db, give, NULL, NULL, NULL) != SQLITE_OK);
    }
    close(told[1]);
    assert_int_equal(read(told[0], &byte, 1), 1);
    return pid;
}

static void held(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    close(told[0]);
}

/* A writer in the middle of its transaction delays no reload, and its changes are not seen. */
static void reads_beside_a_writer(void **unused)
{
    sqlite3 *db;

    (void)unused;
    assert_int_equal(sqlite3_open(db_path(), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "BEGIN IMMEDIATE;"
                                  "INSERT INTO setting VALUES ('" MIN_MINOR "', '1', 1)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(reload(), SETTINGS_OK);
    expect_range(0, 2);
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(reload(), SETTINGS_OK);
    expect_range(1, 2);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* A new file is being read by another process: the server waits before it changes the file to its
 * format. */
static void waits_for_a_reader_of_a_new_file(void **unused)
{
    pid_t pid;

    (void)unused;
    assert_int_equal(unlink(db_path()), 0);
    pid = hold("BEGIN; SELECT count(*) FROM sqlite_master", "COMMIT");
    start_with(NOT_GIVEN, NOT_GIVEN);
    held(pid);
    assert_int_equal(set_one(MIN_MINOR, "1"), SETTINGS_OK);
}

/* The server does not start if it cannot create the file. */
static void unwritable(void **unused)
{
    (void)unused;
    assert_int_equal(unlink(db_path()), 0);
    disk_full(true);
    assert_int_equal(try_start(NOT_GIVEN, NOT_GIVEN), SETTINGS_UNREADABLE);
    disk_full(false);
    expect_error("settings.db: ");
    start_with(NOT_GIVEN, NOT_GIVEN);
}

/* At a start and in a running server: an error, and the file stays as it is. */
static void refuses(const char *why)
{
    static struct content before, after;

    file_read(&before);
    settings_error[0] = '\0';
    assert_int_equal(reload(), SETTINGS_UNREADABLE);
    expect_error(why);
    expect_range(1, 2);
    assert_int_equal(try_start(NOT_GIVEN, NOT_GIVEN), SETTINGS_UNREADABLE);
    expect_error(why);
    file_read(&after);
    assert_int_equal(after.len, before.len);
    assert_memory_equal(after.data, before.data, after.len);
}

static void good_again(const struct content *good)
{
    file_write(good->data, good->len);
    start_with(NOT_GIVEN, NOT_GIVEN);
    expect_range(1, 2);
}

static void damaged(void **unused)
{
    static const char text[] = "this is no database, whoever put it there .....................";
    static struct content good, bad;

    (void)unused;
    assert_int_equal(set_one(MIN_MINOR, "1"), SETTINGS_OK);
    file_read(&good);
    assert_true(good.len >= 8192); /* a complete copy, although the settings are still open */

    file_write(text, sizeof(text));
    refuses("settings.db: file is not a database");
    good_again(&good);
    file_write(good.data, good.len / 2);
    refuses("settings.db: ");
    good_again(&good);
    bad = good;
    memset(bad.data + 4096, 0xa5, bad.len - 4096);
    file_write(bad.data, bad.len);
    refuses("settings.db: ");
    good_again(&good);
}

static void another_kind(void **unused)
{
    static struct content good;

    (void)unused;
    assert_int_equal(set_one(MIN_MINOR, "1"), SETTINGS_OK);
    file_read(&good);
    sql("PRAGMA user_version = 9");
    refuses("settings.db: made by another version of mainstayd (schema 9, not 1)");
    good_again(&good);
    sql("PRAGMA application_id = 1");
    refuses("settings.db: not a database of mainstayd");
    good_again(&good);
    /* That one is not even in the journal mode of ours. */
    assert_int_equal(unlink(db_path()), 0);
    sql("CREATE TABLE somebody_elses (a)");
    refuses("settings.db: not a database of mainstayd");
    good_again(&good);
}

/* The database is intact, but its contents are invalid. */
static void by_hand(void **unused)
{
    static const char *const rows[] = {
        "UPDATE setting SET revision = -1",
        "UPDATE setting SET revision = 1 << 60",
        "UPDATE setting SET value = printf('%0100d', 1)",
        "UPDATE setting SET value = x'310032'",
    };
    static struct content good;

    (void)unused;
    assert_int_equal(set_one(MIN_MINOR, "1"), SETTINGS_OK);
    file_read(&good);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        sql(rows[i]);
        refuses("settings.db: damaged: a setting has an invalid value or revision");
        good_again(&good);
    }
    sql("UPDATE setting SET value = '7'");
    refuses("settings.db: nfs.min_minor_version wants 0, 1 or 2, not '7'");
    good_again(&good);
    sql("INSERT INTO setting VALUES ('" MAX_MINOR "', '0', 2)");
    assert_int_equal(reload(), SETTINGS_REFUSED);
    expect_error("nfs.min_minor_version 1 (stored) is above nfs.max_minor_version 0 (stored)");
    expect_range(1, 2);
    /* A valid change corrects that; it also replaces an invalid value. */
    assert_int_equal(set_one(MIN_MINOR, "0"), SETTINGS_OK);
    expect_range(0, 0);
    sql("UPDATE setting SET value = 'one' WHERE name = '" MAX_MINOR "'");
    assert_int_equal(reload(), SETTINGS_UNREADABLE);
    assert_int_equal(set_one(MAX_MINOR, "1"), SETTINGS_OK);
    expect_range(0, 1);
    /* With the revision unchanged, and as a number. */
    sql("UPDATE setting SET value = 1 WHERE name = '" MIN_MINOR "'");
    assert_int_equal(reload(), SETTINGS_OK);
    expect_range(1, 1);
}

/* A setting that only another version knows does no harm. */
static void unknown_names_are_ignored(void **unused)
{
    (void)unused;
    store_one("nfs.of_the_future", "unknown");
    assert_int_equal(set_one(MIN_MINOR, "1"), SETTINGS_OK);
    expect_range(1, 2);
    start_with(NOT_GIVEN, NOT_GIVEN);
    expect_range(1, 2);
}

/* A replacement is read; if the file is gone, nothing is stored. */
static void replaced(void **unused)
{
    static struct content one;
    char aside[160];

    (void)unused;
    assert_int_equal(set_one(MIN_MINOR, "1"), SETTINGS_OK);
    file_read(&one);
    assert_int_equal(set_one(MIN_MINOR, "0"), SETTINGS_OK);
    (void)snprintf(aside, sizeof(aside), "%s.aside", db_path());
    assert_int_equal(rename(db_path(), aside), 0);
    file_write(one.data, one.len);
    assert_int_equal(reload(), SETTINGS_OK);
    expect_range(1, 2);
    assert_int_equal(unlink(db_path()), 0);
    assert_int_equal(reload(), SETTINGS_OK);
    expect_range(0, 2);
    expect_origin(SETTING_MIN_MINOR_VERSION, SETTING_DEFAULT);
}

/* Only the server's user can read it, and no other files are left beside it. */
static void private_to_the_server(void **unused)
{
    struct stat about;

    (void)unused;
    assert_int_equal(stat(db_path(), &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    assert_int_equal(chmod(db_path(), 0644), 0);
    assert_int_equal(set_one(MIN_MINOR, "1"), SETTINGS_OK);
    assert_int_equal(stat(db_path(), &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    assert_int_not_equal(faccessat(settings_dir_fd, "settings.db-wal", F_OK, 0), 0);
    assert_int_not_equal(faccessat(settings_dir_fd, "settings.db-shm", F_OK, 0), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, settings_set_up, settings_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stored_then_reloaded),
        TEST(changed_while_read),
        TEST(made_at_once),
        TEST(reads_beside_a_writer),
        TEST(waits_for_a_reader_of_a_new_file),
        TEST(unwritable),
        TEST(damaged),
        TEST(another_kind),
        TEST(by_hand),
        TEST(unknown_names_are_ignored),
        TEST(replaced),
        TEST(private_to_the_server),
    };

    return test_group_run(tests);
}
