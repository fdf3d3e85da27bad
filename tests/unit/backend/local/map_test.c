/* SPDX-License-Identifier: Apache-2.0 */
/* The map of handles: damage to its files, and a database that cannot be written. */
#include "backend/local/map.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/test.h"
#include "lib/wait.h"

enum {
    PLACES = 100,
    FILE_BYTES_MAX = 1 << 16,
    GETTERS = 2,
    ROUNDS = 30,
    ERROR_BYTES = 256,
};

static char directory[] = "/tmp/map-XXXXXX";
static int dir_fd;
static struct local_map *map;

static struct local_id id_of(unsigned number)
{
    struct local_id id = {.len = 20};

    memset(id.data, 7, id.len);
    memcpy(id.data, &number, sizeof(number));
    return id;
}

static struct local_place place_of(unsigned number)
{
    struct local_place place = {.parent = id_of(~number), .ino = number + 1};

    (void)snprintf(place.name, sizeof(place.name), "name %u", number);
    return place;
}

static bool note(unsigned number)
{
    const struct local_place place = place_of(number);
    const struct local_id id = id_of(number);

    return local_map_note(map, &id, &place);
}

static bool found(unsigned number)
{
    struct local_place places[LOCAL_PLACES_MAX];
    const struct local_place place = place_of(number);
    const struct local_id id = id_of(number);
    size_t count;

    assert_int_equal(local_map_lookup(map, &id, places, &count), VFS_OK);
    if (count == 0)
        return false;
    assert_int_equal(count, 1);
    assert_int_equal(places[0].ino, place.ino);
    assert_string_equal(places[0].name, place.name);
    return true;
}

static unsigned found_of(unsigned count)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < count; i++)
        sum += found(i);
    return sum;
}

static void map_begin(void)
{
    char error[256] = "";

    map = local_map_open(directory, "map", error, sizeof(error));
    assert_string_equal(error, "");
    assert_non_null(map);
}

static void map_end(void)
{
    local_map_close(map);
    map = NULL;
}

static void refuses(const char *why)
{
    char error[256] = "";

    assert_null(local_map_open(directory, "map", error, sizeof(error)));
    assert_non_null(strstr(error, why));
}

/* A process that notes places and is killed: the notes are only in the log. */
static void note_and_die(void)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        map_begin();
        for (unsigned i = 0; i < PLACES; i++)
            note(i);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static off_t size_of(const char *file)
{
    struct stat st;

    assert_int_equal(fstatat(dir_fd, file, &st, 0), 0);
    return st.st_size;
}

static void flip(const char *file, off_t at)
{
    int fd = openat(dir_fd, file, O_RDWR);
    uint8_t byte;

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* A directory that is exported twice. */
static void is_shared_by_exports(void **state)
{
    char error[256] = "";
    struct local_map *one = local_map_get(directory, "map", error, sizeof(error));
    struct local_map *two = local_map_get(directory, "map", error, sizeof(error));

    (void)state;
    assert_non_null(one);
    assert_ptr_equal(one, two);
    refuses("another server uses it");
    local_map_put(one);
    map = two;
    note(1);
    assert_true(found(1));
    local_map_put(two);
    map_begin();
    assert_true(found(1));
    map_end();
}

static void *get_and_put(void *arg)
{
    char *error = arg;

    for (unsigned i = 0; i < ROUNDS && *error == '\0'; i++) {
        struct local_map *mine = local_map_get(directory, "map", error, ERROR_BYTES);

        if (mine)
            local_map_put(mine);
    }
    return NULL;
}

/* A directory that is exported again while its last export ends: its files are never taken for
 * another server's. */
static void is_opened_after_it_is_closed(void **state)
{
    char errors[GETTERS][ERROR_BYTES] = {""};
    pthread_t threads[GETTERS];

    (void)state;
    for (unsigned i = 0; i < GETTERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, get_and_put, errors[i]), 0);
    for (unsigned i = 0; i < GETTERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (unsigned i = 0; i < GETTERS; i++)
        assert_string_equal(errors[i], "");
}

static void outlives_a_killed_process(void **state)
{
    (void)state;
    note_and_die();
    map_begin();
    assert_int_equal(found_of(PLACES), PLACES);
    map_end();
    assert_int_equal(size_of("map.loga"), 0);
    map_begin();
    assert_int_equal(found_of(PLACES), PLACES);
    map_end();
}

/* One record is lost, but not those behind it. */
static void damaged_log(void **state)
{
    off_t size;

    (void)state;
    note_and_die();
    size = size_of("map.loga");
    assert_true(size > 0);
    flip("map.loga", 5);
    flip("map.loga", size / 2);
    map_begin();
    assert_int_equal(found_of(PLACES), PLACES - 2);
    map_end();
}

/* A record that a killed writer left incomplete. */
static void torn_log(void **state)
{
    int fd;

    (void)state;
    note_and_die();
    fd = openat(dir_fd, "map.loga", O_RDWR);
    assert_int_equal(ftruncate(fd, size_of("map.loga") - 3), 0);
    close(fd);
    map_begin();
    assert_int_equal(found_of(PLACES - 1), PLACES - 1);
    assert_false(found(PLACES - 1));
    map_end();
}

/* The offset of the text in the file. */
static off_t offset_of(const char *file, const char *text)
{
    static char data[FILE_BYTES_MAX];
    int fd = openat(dir_fd, file, O_RDONLY);
    ssize_t got = read(fd, data, sizeof(data));
    char *at;

    close(fd);
    assert_true(got > 0 && got < FILE_BYTES_MAX);
    at = memmem(data, (size_t)got, text, strlen(text));
    assert_non_null(at);
    return at - data;
}

static void damaged_database(void **state)
{
    (void)state;
    map_begin();
    for (unsigned i = 0; i < PLACES; i++)
        note(i);
    map_end();
    flip("map.db", offset_of("map.db", "name 42"));
    refuses("map.db: damaged: records of place were changed or lost");
    flip("map.db", offset_of("map.db", "~ame 42"));
    map_begin();
    assert_int_equal(found_of(PLACES), PLACES);
    map_end();
}

/* Notes are kept up to a limit, memory does not grow beyond it, and the kept notes are written when
 * that is possible again. */
static void unwritable_database(void **state)
{
    enum {
        MANY = LIMIT_LOCAL_MAP_PENDING + 5000
    };
    off_t bytes;

    (void)state;
    map_begin();
    map_end();
    map_begin();
    /* SQLite cannot create its journal where a directory is. */
    assert_int_equal(unlinkat(dir_fd, "map.db-journal", 0), 0);
    assert_int_equal(mkdirat(dir_fd, "map.db-journal", 0700), 0);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(note(i), i < LIMIT_LOCAL_MAP_PENDING);
    bytes = size_of("map.loga") + size_of("map.logb");
    for (unsigned i = 0; i < 1000; i++)
        assert_false(note(MANY + i));
    assert_int_equal(size_of("map.loga") + size_of("map.logb"), bytes);
    assert_int_equal(unlinkat(dir_fd, "map.db-journal", AT_REMOVEDIR), 0);
    wait_until(size_of("map.loga") + size_of("map.logb") == 0);
    assert_true(found(0) && found(LIMIT_LOCAL_MAP_PENDING - 1));
    assert_false(found(MANY - 1));
    assert_true(note(MANY - 1));
    assert_true(found(MANY - 1));
    map_end();
}

/* A failed read is an error, and not an object that is gone. */
static void unreadable_database(void **state)
{
    enum {
        MANY = 60000 /* more than SQLite caches */
    };
    struct local_place places[LOCAL_PLACES_MAX];
    unsigned failed = 0;
    int fd;

    (void)state;
    map_begin();
    for (unsigned i = 0; i < MANY; i++)
        note(i);
    map_end();
    map_begin();
    fd = openat(dir_fd, "map.db", O_RDWR);
    assert_int_equal(ftruncate(fd, 4096), 0);
    close(fd);
    for (unsigned i = 0; i < MANY; i += MANY / 50) {
        const struct local_id id = id_of(i);
        size_t count = 0;
        enum vfs_status status = local_map_lookup(map, &id, places, &count);

        failed += status == VFS_IO;
        assert_true(status == VFS_IO || (status == VFS_OK && count == 1));
    }
    assert_true(failed > 0);
    map_end();
}

static int setup(void **state)
{
    (void)state;
    (void)strcpy(directory, "/tmp/map-XXXXXX");
    dir_fd = directory_make(directory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close(dir_fd);
    directory_remove(directory);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_shared_by_exports),
        TEST(is_opened_after_it_is_closed),
        TEST(outlives_a_killed_process),
        TEST(damaged_log),
        TEST(torn_log),
        TEST(damaged_database),
        TEST(unwritable_database),
        TEST(unreadable_database),
    };

    return test_group_run(tests);
}
