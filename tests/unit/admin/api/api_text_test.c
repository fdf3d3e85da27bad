/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of clients as text, and IDs as digits. */
#include "admin/api/api_text.h"

#include <string.h>

#include "admin/api/api_id.h"
#include "lib/test.h"

static void text(void **state)
{
    static const struct {
        const char *bytes, *shown;
        size_t len;
    } rows[] = {
        {"", "", 0},
        {"/data/x y", "/data/x y", 9},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9},
        {"a\\b", "a\\x5cb", 3},
        {"a\0b", "a\\x00b", 3},
        {"\x1b[2J\n\x7f", "\\x1b[2J\\x0a\\x7f", 6},
        {"\xc2\x9b", "\\xc2\\x9b", 2},
        {"\xc2\xa0", "\xc2\xa0", 2},
        {"\xff\xfe", "\\xff\\xfe", 2},
        {"x\xc3", "x\\xc3", 2},
        {"\xc3\xa9\xa9", "\xc3\xa9\\xa9", 3},
        {"\xed\xa0\x80", "\\xed\\xa0\\x80", 3}, /* a surrogate */
        {"\xc0\x80", "\\xc0\\x80", 2},          /* not the shortest form */
        {"\xe2\x82", "\\xe2\\x82", 2},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        json_t *value = api_text(rows[i].bytes, rows[i].len);

        assert_non_null(value);
        assert_string_equal(json_string_value(value), rows[i].shown);
        json_decref(value);
    }
}

static void ids(void **state)
{
    static const uint8_t bytes[] = {0x00, 0x9f, 0xa0, 0xff};
    static const char *const wrong[] = {"",         "009fa0f",  "009fa0ff0", "009fa0fg",
                                        "009FA0FF", " 09fa0ff", "0x9fa0ff"};
    uint8_t parsed[sizeof(bytes)];
    char digits[2 * sizeof(bytes) + 1];

    (void)state;
    api_id_print(bytes, sizeof(bytes), digits);
    assert_string_equal(digits, "009fa0ff");
    assert_true(api_id_parse(digits, parsed, sizeof(parsed)));
    assert_memory_equal(parsed, bytes, sizeof(bytes));
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_false(api_id_parse(wrong[i], parsed, sizeof(parsed)));
}

int main(void)
{
    const struct CMUnitTest group[] = {
        cmocka_unit_test(text),
        cmocka_unit_test(ids),
    };

    return test_group_run(group);
}
