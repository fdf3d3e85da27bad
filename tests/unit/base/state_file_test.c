/* SPDX-License-Identifier: Apache-2.0 */
/* Small files that must not be lost: every kind of damage to one of the two copies, and to both. */
#include "base/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/directory.h"
#include "lib/test.h"

static const char content[] = "0123456789abcdef0123456789abcdef";
static const char *const names[2] = {"name", "name.copy"};
static char directory[64];
static int dir;

enum {
    LEN = sizeof(content) - 1,
    FILE_BYTES = 256,
};

struct bytes {
    char data[FILE_BYTES];
    size_t len;
};

static struct bytes file_read(const char *name)
{
    struct bytes bytes = {.len = 0};
    int fd = openat(dir, name, O_RDONLY);
    ssize_t got;

    assert_true(fd >= 0);
    got = read(fd, bytes.data, sizeof(bytes.data));
    assert_true(got >= 0 && got < FILE_BYTES);
    bytes.len = (size_t)got;
    close(fd);
    return bytes;
}

static void file_write(const char *name, const void *data, size_t len)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    close(fd);
}

static enum state_file_status load(char found[LEN], char error[128])
{
    memset(found, 0, LEN);
    error[0] = '\0';
    return state_file_load(dir, "name", found, LEN, error, 128);
}

static void loads(void)
{
    char found[LEN], error[128];

    assert_int_equal(load(found, error), STATE_FILE_WHOLE);
    assert_memory_equal(found, content, LEN);
}

static void refuses(const char *why)
{
    char found[LEN], error[128];

    assert_int_equal(load(found, error), STATE_FILE_DAMAGED);
    assert_string_equal(error, why);
}

/* The other copy restores it, and both are whole afterwards. */
static void comes_back(const struct bytes *whole)
{
    loads();
    for (int i = 0; i < 2; i++) {
        struct bytes now = file_read(names[i]);

        assert_int_equal(now.len, whole->len);
        assert_memory_equal(now.data, whole->data, whole->len);
    }
}

static void stored_and_loaded(void **state)
{
    char found[LEN], error[128];
    struct stat about;

    (void)state;
    assert_int_equal(load(found, error), STATE_FILE_ABSENT);
    assert_true(state_file_store(dir, "name", content, LEN));
    loads();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fstatat(dir, names[i], &about, 0), 0);
        assert_int_equal(about.st_mode & 07777, 0600);
    }
    assert_int_equal(faccessat(dir, "name.new", F_OK, 0), -1);
}

static void every_bit(void **state)
{
    struct bytes whole;

    (void)state;
    assert_true(state_file_store(dir, "name", content, LEN));
    whole = file_read("name");
    for (int i = 0; i < 2; i++) {
        for (size_t bit = 0; bit < whole.len * 8; bit++) {
            struct bytes flipped = whole;

            flipped.data[bit / 8] = (char)(flipped.data[bit / 8] ^ 1 << bit % 8);
            file_write(names[i], flipped.data, flipped.len);
            comes_back(&whole);
        }
    }
}

static void every_length(void **state)
{
    struct bytes whole;

    (void)state;
    assert_true(state_file_store(dir, "name", content, LEN));
    whole = file_read("name");
    for (int i = 0; i < 2; i++) {
        for (size_t len = 0; len < whole.len; len++) {
            file_write(names[i], whole.data, len);
            comes_back(&whole);
        }
        file_write(names[i], whole.data, whole.len + 1);
        comes_back(&whole);
        assert_int_equal(unlinkat(dir, names[i], 0), 0);
        comes_back(&whole);
    }
}

static const char no_copy[] =
    "name: damaged, and there is no intact copy: restore it from a backup";

static void both_damaged(void **state)
{
    struct bytes flipped;

    (void)state;
    assert_true(state_file_store(dir, "name", content, LEN));
    flipped = file_read("name");
    flipped.data[3] ^= 1;
    file_write("name", flipped.data, flipped.len);
    file_write("name.copy", flipped.data, flipped.len - 1);
    refuses(no_copy);
    assert_int_equal(unlinkat(dir, "name", 0), 0);
    refuses(no_copy);
    assert_int_equal(faccessat(dir, "name", F_OK, 0), -1);
    file_write("name", "", 0);
    assert_int_equal(unlinkat(dir, "name.copy", 0), 0);
    refuses(no_copy);
}

static void whole_but_different(void **state)
{
    struct bytes other;

    (void)state;
    assert_true(state_file_store(dir, "name", "another content of the same size", LEN));
    other = file_read("name");
    assert_true(state_file_store(dir, "name", content, LEN));
    file_write("name.copy", other.data, other.len);
    refuses("name: differs from its copy");
}

/* Written by a server without checksums. */
static void unmarked(void **state)
{
    (void)state;
    file_write("name", content, LEN);
    loads();
    assert_int_equal(file_read("name").len, file_read("name.copy").len);
    assert_true(file_read("name").len > LEN);
    loads();
}

static void unreadable(void **state)
{
    (void)state;
    assert_true(state_file_store(dir, "name", content, LEN));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(unlinkat(dir, names[i], 0), 0);
        assert_int_equal(symlinkat("/etc/passwd", dir, names[i]), 0);
    }
    refuses("name: Too many levels of symbolic links");
}

static enum state_file_status peek(char found[LEN])
{
    char error[128];

    memset(found, 0, LEN);
    return state_file_peek(dir, "name", found, LEN, error, sizeof(error));
}

/* It finds the same content as a load, but does not repair the damage. */
static void peeked(void **state)
{
    struct bytes flipped, now;
    char found[LEN];

    (void)state;
    assert_int_equal(peek(found), STATE_FILE_ABSENT);
    assert_int_equal(faccessat(dir, "name", F_OK, 0), -1);
    assert_true(state_file_store(dir, "name", content, LEN));
    flipped = file_read("name");
    flipped.data[3] ^= 1;
    file_write("name", flipped.data, flipped.len);
    assert_int_equal(peek(found), STATE_FILE_WHOLE);
    assert_memory_equal(found, content, LEN);
    now = file_read("name");
    assert_int_equal(now.len, flipped.len);
    assert_memory_equal(now.data, flipped.data, now.len);
    file_write("name.copy", "", 0);
    assert_int_equal(peek(found), STATE_FILE_DAMAGED);
    assert_int_equal(file_read("name.copy").len, 0);
    file_write("name", content, LEN);
    assert_int_equal(unlinkat(dir, "name.copy", 0), 0);
    assert_int_equal(peek(found), STATE_FILE_WHOLE);
    assert_int_equal(file_read("name").len, LEN);
}

static int setup(void **state)
{
    (void)state;
    (void)snprintf(directory, sizeof(directory), "/tmp/state-file-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    dir = open(directory, O_RDONLY | O_DIRECTORY);
    return dir < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    close(dir);
    directory_remove(directory);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stored_and_loaded),   TEST(every_bit), TEST(every_length), TEST(both_damaged),
        TEST(whole_but_different), TEST(unmarked),  TEST(unreadable),   TEST(peeked),
    };

    return test_group_run(tests);
}
