/* SPDX-License-Identifier: Apache-2.0 */
/* Tables on a terminal: columns stay below each other whatever the alphabet, and no cell controls
 * the terminal. */
#include "cli/text_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "cli/printable.h"
#include "cli/value_text.h"
#include "lib/test.h"

static char *printed(const struct text_table *table, int indent, bool has_titles)
{
    size_t size;
    char *text;
    FILE *out = open_memstream(&text, &size);

    text_table_print(table, out, indent, has_titles);
    (void)fclose(out);
    return text;
}

static void columns(void **state)
{
    static const char *const titles[] = {"NAME", "COUNT", "LAST"};
    struct text_table *table = text_table_create(titles, 3);
    char *text;

    (void)state;
    text_table_align_right(table, 1);
    text_table_add(table, (const char *[]){"a", "7", "x"});
    text_table_add(table, (const char *[]){"a long one", "123456", "y"});
    text_table_add(table, (const char *[]){NULL, "", "z"});
    text = printed(table, 0, true);
    assert_string_equal(text, "NAME         COUNT  LAST\n"
                              "a                7  x\n"
                              "a long one  123456  y\n"
                              "-                -  z\n");
    free(text);
    text = printed(table, 2, false);
    assert_string_equal(text, "  a                7  x\n"
                              "  a long one  123456  y\n"
                              "  -                -  z\n");
    free(text);
    text_table_destroy(table);
}

static void alphabets(void **state)
{
    static const char *const titles[] = {"A", "B"};
    struct text_table *table = text_table_create(titles, 2);
    char *text;

    (void)state;
    text_table_add(table, (const char *[]){"\303\266", "1"});                 /* o umlaut */
    text_table_add(table, (const char *[]){"\346\227\245\346\234\254", "2"}); /* two wide ones */
    text_table_add(table, (const char *[]){"e\314\201", "3"});                /* a combining one */
    text_table_add(table, (const char *[]){"\360\237\230\200x", "4"});        /* an emoji */
    text = printed(table, 0, false);
    assert_string_equal(text, "\303\266     1\n"
                              "\346\227\245\346\234\254  2\n"
                              "e\314\201     3\n"
                              "\360\237\230\200x   4\n");
    free(text);
    text_table_destroy(table);
}

/* Both ends of a name are kept; a wide character is not cut. */
static void long_names(void **state)
{
    static const char *const rows[][2] = {
        {"twelve chars", "twelve chars"},
        {"thirteen char", "thir... char"},
        {"Linux NFSv4.1 web1.example", "Linu...ample"},
        {"\346\227\245\346\227\245\346\227\245xxxxxxxxx", "\346\227\245\346\227\245...xxxxx"},
        {"abcdefghijkl\346\227\245\346\227\245\346\227\245", "abcd...\346\227\245\346\227\245"},
    };
    static const char *const titles[] = {"A"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct text_table *table = text_table_create(titles, 1);
        char *text;

        text_table_shorten(table, 0, 12);
        text_table_add(table, &rows[i][0]);
        text = printed(table, 0, false);
        text[strlen(text) - 1] = '\0';
        assert_string_equal(text, rows[i][1]);
        free(text);
        text_table_destroy(table);
    }
}

static size_t second_line_length(const char *text)
{
    size_t first = strcspn(text, "\n");

    assert_int_equal(text[first], '\n');
    return strcspn(text + first + 1, "\n");
}

/* Only names give way, and not below the least. */
static void fits(void **state)
{
    static const char *const titles[] = {"NAME", "COUNT"};
    struct text_table *table = text_table_create(titles, 2);
    char *text;

    (void)state;
    text_table_shorten(table, 0, 30);
    text_table_add(table, (const char *[]){"abcdefghijklmnopqrstuvwxyz", "1234567"});
    text_table_fit(table, 35, 10);
    text = printed(table, 0, true);
    assert_non_null(strstr(text, "abcdefghijklmnopqrstuvwxyz  1234567\n"));
    free(text);
    text_table_fit(table, 24, 10);
    text = printed(table, 0, true);
    assert_int_equal(second_line_length(text), 24);
    assert_non_null(strstr(text, "..."));
    free(text);
    text_table_fit(table, 5, 10);
    text = printed(table, 0, true);
    assert_int_equal(second_line_length(text), 10 + 2 + 7);
    free(text);
    text_table_destroy(table);
}

/* Control characters of ASCII, of Latin-1, and those of Unicode that turn the direction. */
static void nothing_controls_a_terminal(void **state)
{
    static const char *const rows[][2] = {
        {"\033[31mred", "\\x1b[31mred"},
        {"a\nb\tc\rd\177", "a\\x0ab\\x09c\\x0dd\\x7f"},
        {"\302\2331m", "\\xc2\\x9b1m"},
        {"\342\200\256txt", "\\xe2\\x80\\xaetxt"},
        {"\342\201\246x", "\\xe2\\x81\\xa6x"},
        {"\377\376", "\\xff\\xfe"},
        {"\300\200", "\\xc0\\x80"},
        {"back\\slash", "back\\slash"},
        {"\303\266", "\303\266"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char *text = printable_text(rows[i][0]);

        assert_string_equal(text, rows[i][1]);
        free(text);
    }
}

static void check_value(const char *json, enum value_kind kind, const char *expected)
{
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    char *text = value_text(value, kind);

    assert_non_null(value);
    if (expected)
        assert_string_equal(text, expected);
    else
        assert_null(text);
    free(text);
    json_decref(value);
}

static void values(void **state)
{
    static const struct {
        const char *json;
        enum value_kind kind;
        const char *text;
    } rows[] = {
        {"0", VALUE_SECONDS, "0.0 s"},
        {"9.94", VALUE_SECONDS, "9.9 s"},
        {"12.4", VALUE_SECONDS, "12 s"},
        {"59.7", VALUE_SECONDS, "1m00s"},
        {"185", VALUE_SECONDS, "3m05s"},
        {"7260", VALUE_SECONDS, "2h01m"},
        {"180000", VALUE_SECONDS, "2d02h"},
        {"0", VALUE_BYTES, "0 B"},
        {"1023", VALUE_BYTES, "1023 B"},
        {"1536", VALUE_BYTES, "1.5 KiB"},
        {"1073741824", VALUE_BYTES, "1.0 GiB"},
        {"524288000", VALUE_BYTES, "500 MiB"},
        {"null", VALUE_PLAIN, NULL},
        {"null", VALUE_LENGTH, "to end"},
        {"5", VALUE_LENGTH, "5"},
        {"null", VALUE_PATH, "(removed)"},
        {"\"/x\"", VALUE_PATH, "/x"},
        {"true", VALUE_PLAIN, "yes"},
        {"true", VALUE_ACCESS, "ro"},
        {"false", VALUE_ACCESS, "rw"},
        {"[]", VALUE_CLIENTS, "all"},
        {"[\"a\", \"b\"]", VALUE_CLIENTS, "a, b"},
        {"[1, 2, 3]", VALUE_COUNT, "3"},
        {"[]", VALUE_PLAIN, NULL},
        {"{}", VALUE_PLAIN, NULL},
        {"{\"a\": 1}", VALUE_PLAIN, "{\"a\":1}"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        check_value(rows[i].json, rows[i].kind, rows[i].text);
}

static void units_by_name(void **state)
{
    (void)state;
    assert_int_equal(value_kind_of("age_s"), VALUE_SECONDS);
    assert_int_equal(value_kind_of("used_bytes"), VALUE_BYTES);
    assert_int_equal(value_kind_of("opens"), VALUE_PLAIN);
    assert_int_equal(value_kind_of("_s"), VALUE_PLAIN);
    assert_int_equal(value_kind_of("path"), VALUE_PATH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns),
        cmocka_unit_test(alphabets),
        cmocka_unit_test(long_names),
        cmocka_unit_test(fits),
        cmocka_unit_test(nothing_controls_a_terminal),
        cmocka_unit_test(values),
        cmocka_unit_test(units_by_name),
    };

    return test_group_run(tests);
}
