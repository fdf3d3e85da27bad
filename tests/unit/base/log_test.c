/* SPDX-License-Identifier: Apache-2.0 */
/* Lines are whole JSON however long their fields are, and so is the message of a failed CHECK. */
#include "base/log.h"

#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/test.h"

enum {
    TEXT_BYTES = 32 << 10,
    OWN_LIMIT = 60, /* lines per second; those of two seconds are more than LIMIT_LOG_LINES_PER_S */
};

static char text[TEXT_BYTES];

/* Run it in a process of its own, with stderr in `text`; returns how it ended. */
static int run(void (*what)(void))
{
    int ends[2], status;
    ssize_t got;
    size_t len = 0;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        log_set_json(true);
        what();
        _exit(0);
    }
    (void)close(ends[1]);
    while ((got = read(ends[0], text + len, sizeof(text) - 1 - len)) > 0)
        len += (size_t)got;
    text[len] = '\0';
    (void)close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* The only line, parsed as an object. */
static json_t *line(void)
{
    size_t len = strlen(text);
    json_t *object;

    assert_true(len > 0 && text[len - 1] == '\n');
    assert_ptr_equal(strchr(text, '\n'), text + len - 1);
    object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (!object)
        fail_msg("no JSON: %s", text);
    return object;
}

static char filler[8192];

static void log_long_string(void)
{
    log_info("test.long", LOG_STR("value", filler), LOG_U64("after", 1));
}

static void log_long_bytes(void)
{
    log_info("test.long", LOG_U64("before", 1), LOG_HEX("value", filler, sizeof(filler) - 1));
}

static void long_fields(void **state)
{
    static const char bytes[] = {'x', '"', '\\', '\n', '\xe4'};

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        /* Near the end of a line, each `len` cuts at another place of an escape. */
        for (size_t len = 0; len < 12; len++) {
            json_t *object;

            memset(filler, bytes[i], sizeof(filler) - 1);
            memset(filler, 'x', len);
            assert_int_equal(run(log_long_string), 0);
            object = line();
            assert_true(json_is_string(json_object_get(object, "value")));
            json_decref(object);
        }
    }
    assert_int_equal(run(log_long_bytes), 0);
    json_decref(line());
}

static void log_by_own_limit(void)
{
    static struct log_limit limit;

    for (unsigned i = 0; i < 3 * 2 * OWN_LIMIT; i++) {
        if (log_limit_take(&limit, i / (2 * OWN_LIMIT) * NSEC_PER_SEC, OWN_LIMIT))
            log_info_taken(&limit, "own", LOG_U64("i", i));
    }
}

static unsigned count(const char *what)
{
    unsigned found = 0;

    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        found++;
    return found;
}

/* All lines that it lets pass are written, and say how many others it did not. */
static void own_limit(void **state)
{
    (void)state;
    assert_int_equal(run(log_by_own_limit), 0);
    assert_int_equal(count("\n"), 3 * OWN_LIMIT);
    assert_int_equal(count("\"i\":120,\"left_out\":60"), 1);
    assert_int_equal(count("\"i\":240,\"left_out\":60"), 1);
    assert_int_equal(count("left_out"), 2);
}

static void check_false(void)
{
    CHECK(strcmp("\"a\"", "b") == 0);
}

static void failed_check(void **state)
{
    int status;
    json_t *object;

    (void)state;
    status = run(check_false);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    object = line();
    assert_string_equal(json_string_value(json_object_get(object, "event")), "check.failed");
    assert_string_equal(json_string_value(json_object_get(object, "level")), "error");
    assert_string_equal(json_string_value(json_object_get(object, "condition")),
                        "strcmp(\"\\\"a\\\"\", \"b\") == 0");
    assert_string_equal(json_string_value(json_object_get(object, "function")), "check_false");
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(long_fields), cmocka_unit_test(own_limit),
                                       cmocka_unit_test(failed_check)};

    return test_group_run(tests);
}
