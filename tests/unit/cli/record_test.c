/* SPDX-License-Identifier: Apache-2.0 */
/* JSON objects as people read them, and JSON that is safe for a terminal. */
#include "cli/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "cli/json_print.h"
#include "lib/test.h"

static void check(const char *json, const char *expected)
{
    json_t *object = json_loads(json, 0, NULL);
    size_t size;
    char *text;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(object);
    record_print(object, out);
    (void)fclose(out);
    assert_string_equal(text, expected);
    free(text);
    json_decref(object);
}

static void members(void **state)
{
    (void)state;
    check("{}", "");
    check("{\"version\": \"0.1\", \"lease_age_s\": 12.3, \"used_bytes\": 2048, \"opens\": 3, "
          "\"address\": null}",
          "version    0.1\n"
          "lease age  12 s\n"
          "used       2.0 KiB\n"
          "opens      3\n"
          "address    -\n");
}

/* Names of values keep their underscores. */
static void names_of_values(void **state)
{
    (void)state;
    check("{\"by_op\": {\"CB_RECALL\": 2, \"OPEN_a\": 1}}", "by op:\n"
                                                            "    CB_RECALL  2\n"
                                                            "    OPEN_a     1\n");
}

static void nested(void **state)
{
    (void)state;
    check("{\"id\": 1, \"grace\": {\"active\": true, \"ends_in_s\": 9}, \"pid\": 2}",
          "id  1\n"
          "grace:\n"
          "    active   yes\n"
          "    ends in  9.0 s\n"
          "pid  2\n");
}

static void lists(void **state)
{
    (void)state;
    check("{\"flags\": [\"a\"], \"none\": [], \"waits\": [\"one thing\", \"and another\"],"
          " \"recalls\": [{\"id\": \"x\", \"path\": \"/a\", \"age_s\": 1},"
          " {\"id\": \"long\", \"path\": null, \"age_s\": 100}]}",
          "flags  a\n"
          "none   -\n"
          "waits:\n"
          "    one thing\n"
          "    and another\n"
          "recalls:\n"
          "    id    path       age\n"
          "    x     /a         1.0 s\n"
          "    long  (removed)  1m40s\n");
}

static void names_and_values_are_safe(void **state)
{
    (void)state;
    check("{\"a\\u001b[1m\": \"b\\u001b[1m\"}", "a?[1m  b\\x1b[1m\n");
    check("{\"a\\u0007\": {\"b\": 1}}", "a?:\n    b  1\n");
    check("{\"l\": [{\"x\\n\": \"y\\n\"}]}", "l:\n    x?\n    y\\x0a\n");
}

static void depth_is_bounded(void **state)
{
    (void)state;
    check("{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":1}}}}}}",
          "a:\n    b:\n        c:\n            d:\n                e  {\"f\":1}\n");
}

/* Whatever the server says, --json prints ASCII. */
static void json_is_safe(void **state)
{
    json_t *value =
        json_loads("{\"z\": \"\\u001b\\u007f\\u009b\\u202e\\u00f6\", \"a\": 0.1}", 0, NULL);
    json_t *again;
    size_t size;
    char *text;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    json_print(value, out, false);
    (void)fclose(out);
    for (const char *c = text; *c; c++)
        assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
    assert_true(strstr(text, "\"z\"") < strstr(text, "\"a\""));
    assert_non_null(strstr(text, "0.1\n"));
    again = json_loads(text, 0, NULL);
    assert_int_equal(json_equal(again, value), 1);
    json_decref(again);
    json_decref(value);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members),
        cmocka_unit_test(names_of_values),
        cmocka_unit_test(nested),
        cmocka_unit_test(lists),
        cmocka_unit_test(names_and_values_are_safe),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(json_is_safe),
    };

    return test_group_run(tests);
}
