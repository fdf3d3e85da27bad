/* SPDX-License-Identifier: Apache-2.0 */
/* The table of settings: names, values as text, bounds; and which range of minor versions they
 * make. */
#include "admin/setting.h"

#include <string.h>

#include "admin/minor_setting.h"
#include "lib/test.h"

static void table(void **unused)
{
    enum setting_id id;

    (void)unused;
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &setting_table[i];
        char text[SETTING_TEXT_BYTES];
        uint32_t value;

        assert_true(setting_lookup(setting->name, &id));
        assert_int_equal(id, i);
        assert_true(strlen(setting->name) < SETTING_TEXT_BYTES);
        assert_true(setting->min <= setting->usual && setting->usual <= setting->max);
        assert_non_null(setting->wants);
        assert_non_null(setting->help);
        setting_print(id, setting->usual, text);
        assert_true(setting_parse(id, text, &value));
        assert_int_equal(value, setting->usual);
    }
    assert_false(setting_lookup("nfs.min_minor_versio", &id));
    assert_false(setting_lookup("", &id));
    assert_false(setting_lookup("NFS.MIN_MINOR_VERSION", &id));
}

static void bounds(void **unused)
{
    static const char *const bad[] = {"",    " ",   "-1",         "+1",
                                      " 1",  "1 ",  "2",          "10",
                                      "0x1", "1.",  "4294967296", "18446744073709551616",
                                      "1e0", "one", "\xc2\xb9"};
    uint32_t value;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        value = 77;
        assert_false(setting_parse(SETTING_MIN_MINOR_VERSION, bad[i], &value));
        assert_false(setting_parse(SETTING_MAX_MINOR_VERSION, bad[i], &value));
        assert_int_equal(value, 77);
    }
    for (uint32_t i = 0; i < 2; i++) {
        assert_true(setting_parse(SETTING_MAX_MINOR_VERSION, i ? "1" : "0", &value));
        assert_int_equal(value, i);
    }
}

static struct setting_values values(uint32_t min, uint32_t max)
{
    struct setting_values made = {0};

    made.of[SETTING_MIN_MINOR_VERSION].number = min;
    made.of[SETTING_MAX_MINOR_VERSION].number = max;
    return made;
}

static void ordered(void **unused)
{
    struct setting_values now = values(1, 0);
    char error[256] = "";

    (void)unused;
    now.of[SETTING_MIN_MINOR_VERSION].origin = SETTING_STORED;
    now.of[SETTING_MAX_MINOR_VERSION].origin = SETTING_OPTION;
    assert_false(minor_setting_ordered(&now, error, sizeof(error)));
    assert_string_equal(error, "nfs.min_minor_version 1 (stored) is above "
                               "nfs.max_minor_version 0 (option)");
    for (uint32_t min = 0; min <= 1; min++) {
        now = values(min, 1);
        assert_true(minor_setting_ordered(&now, error, sizeof(error)));
    }
    now = values(0, 0);
    assert_true(minor_setting_ordered(&now, error, sizeof(error)));
}

/* S20-49: a build without minor version 0 serves what is left of the range, or says why nothing
 * is. */
static void cut_to_the_build(void **unused)
{
    struct setting_values now = values(0, 1);
    struct minor_range range;
    char error[256] = "", text[MINOR_RANGE_TEXT_BYTES];

    (void)unused;
    assert_true(minor_setting_built(&now, error, sizeof(error)));
    range = minor_setting_range(&now);
    assert_int_equal(range.min, MINOR_BUILT_FIRST);
    assert_int_equal(range.max, 1);
    minor_range_text(range, text);
    assert_string_equal(text, MINOR_BUILT_FIRST == 0 ? "4.0, 4.1" : "4.1");

    now = values(1, 1);
    assert_true(minor_setting_built(&now, error, sizeof(error)));
    range = minor_setting_range(&now);
    assert_int_equal(range.min, 1);
    assert_int_equal(range.max, 1);

    now = values(0, 0);
    assert_int_equal(minor_setting_built(&now, error, sizeof(error)), MINOR_BUILT_FIRST == 0);
    if (MINOR_BUILT_FIRST > 0)
        assert_string_equal(error, "nfs.max_minor_version 0 (default): this build has no NFSv4.0");
}

static void range_has(void **unused)
{
    const struct minor_range zero = {0, 0}, both = {0, 1}, one = {1, 1};

    (void)unused;
    assert_true(minor_range_has(zero, 0));
    assert_false(minor_range_has(zero, 1));
    assert_true(minor_range_has(both, 0) && minor_range_has(both, 1));
    assert_false(minor_range_has(both, 2));
    assert_false(minor_range_has(one, 0));
    assert_true(minor_range_has(one, 1));
    assert_false(minor_range_has(one, 65537));
    assert_false(minor_range_has(both, UINT32_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),     cmocka_unit_test(bounds),
        cmocka_unit_test(ordered),   cmocka_unit_test(cut_to_the_build),
        cmocka_unit_test(range_has),
    };

    return test_group_run(tests);
}
