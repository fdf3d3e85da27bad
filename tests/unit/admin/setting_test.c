/* SPDX-License-Identifier: Apache-2.0 */
/* The table of settings: names, values as text, bounds; the range of minor versions that they give,
 * and how long callbacks wait. */
#include "admin/setting.h"

#include <string.h>

#include "admin/callback_setting.h"
#include "admin/minor_setting.h"
#include "base/limits.h"
#include "base/log.h"
#include "callback/callback_waits.h"
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
        assert_true((setting->min <= setting->usual && setting->usual <= setting->max) ||
                    (setting->word && setting->usual == SETTING_INSTEAD));
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

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static const char *unit_of_name(const char *name)
{
    return ends_with(name, "_ms")    ? "ms"
           : ends_with(name, "_s")   ? "s"
           : ends_with(name, "_mib") ? "MiB"
                                     : NULL;
}

/* What is said of the values is what they are. */
static void wants(void **unused)
{
    (void)unused;
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &setting_table[i];
        const char *unit = unit_of_name(setting->name);
        const char *said = !unit                     ? ""
                           : strcmp(unit, "ms") == 0 ? "milliseconds"
                           : strcmp(unit, "s") == 0  ? "seconds"
                                                     : "MiB";
        char min[16], max[16];

        assert_string_equal(unit ? unit : "", setting->unit ? setting->unit : "");
        assert_non_null(strstr(setting->wants, said));
        (void)snprintf(min, sizeof(min), "%u", setting->min);
        (void)snprintf(max, sizeof(max), "%u", setting->max);
        assert_int_equal(strncmp(setting->wants, min, strlen(min)) == 0,
                         setting->kind == SETTING_NUMBER);
        assert_non_null(strstr(setting->wants, max));
        assert_int_equal(setting->words != NULL, setting->kind != SETTING_NUMBER);
        for (uint32_t w = 0; setting->words && w <= setting->max; w++)
            assert_non_null(strstr(setting->wants, setting->words[w]));
        assert_string_not_equal(setting_when_name(setting->when), "?");
    }
}

/* Words and their numbers are read; words are printed. */
static void words(void **unused)
{
    static const struct {
        enum setting_id id;
        const char *text, *printed;
        uint32_t value;
    } good[] = {
        {SETTING_DELEGATIONS, "none", "none", 0},
        {SETTING_DELEGATIONS, "1", "read", 1},
        {SETTING_DELEGATIONS, "write", "write", 2},
        {SETTING_LOCAL_DELEGATIONS, "leased", "leased", 1},
        {SETTING_CALLBACK_OWN_ADDRESS, "true", "true", 1},
        {SETTING_GRACE_S, "lease", "lease", SETTING_INSTEAD},
        {SETTING_GRACE_S, "0", "0", 0},
        {SETTING_LOG_LEVEL, "debug", "debug", LOG_LEVEL_DEBUG},
        {SETTING_LOG_FORMAT, "1", "json", 1},
        {SETTING_CALLBACK_OWN_ADDRESS, "0", "false", 0},
    };
    static const char *const bad[] = {"None", "non", "none ", "writes",
                                      "3",    "",    "true",  "read,write"};
    char text[SETTING_TEXT_BYTES];
    uint32_t value;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        assert_true(setting_parse(good[i].id, good[i].text, &value));
        assert_int_equal(value, good[i].value);
        setting_print(good[i].id, value, text);
        assert_string_equal(text, good[i].printed);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(setting_parse(SETTING_DELEGATIONS, bad[i], &value));
    assert_false(setting_parse(SETTING_GRACE_S, "4294967295", &value));
    assert_false(setting_parse(SETTING_LEASE_S, "lease", &value));
}

static void bounds(void **unused)
{
    static const char *const bad[] = {"",    " ",   "-1",         "+1",
                                      " 1",  "1 ",  "3",          "10",
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
    for (uint32_t i = 0; i < 3; i++) {
        const char text[] = {(char)('0' + i), '\0'};

        assert_true(setting_parse(SETTING_MAX_MINOR_VERSION, text, &value));
        assert_int_equal(value, i);
    }
}

static bool parses(enum setting_id id, int64_t number, uint32_t *value)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%lld", (long long)number);
    return setting_parse(id, text, value);
}

/* Every setting accepts its least and its greatest value, and none outside. */
static void bounds_of_all(void **unused)
{
    static const char *const bad[] = {"", "x", "1.5", "0x1", " 1", "1ms", "99999999999999999999"};
    uint32_t value;

    (void)unused;
    for (uint32_t id = 0; id < SETTING_COUNT; id++) {
        const struct setting *setting = &setting_table[id];

        assert_true(parses(id, setting->min, &value));
        assert_int_equal(value, setting->min);
        assert_true(parses(id, setting->max, &value));
        assert_int_equal(value, setting->max);
        value = 77;
        assert_false(parses(id, (int64_t)setting->min - 1, &value));
        assert_false(parses(id, (int64_t)setting->max + 1, &value));
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
            assert_false(setting_parse(id, bad[i], &value));
        assert_int_equal(value, 77);
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

/* S20-49: a build without minor version 0 serves the rest of the range, or says why nothing
 * remains. */
static void cut_to_the_build(void **unused)
{
    struct setting_values now = values(0, 2);
    struct minor_range range;
    char error[256] = "", text[MINOR_RANGE_TEXT_BYTES];

    (void)unused;
    assert_true(minor_setting_built(&now, error, sizeof(error)));
    range = minor_setting_range(&now);
    assert_int_equal(range.min, MINOR_BUILT_FIRST);
    assert_int_equal(range.max, 2);
    minor_range_text(range, text);
    assert_string_equal(text, MINOR_BUILT_FIRST == 0 ? "4.0, 4.1, 4.2" : "4.1, 4.2");

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

static void set_wait(struct setting_values *now, enum setting_id id, uint32_t ms,
                     enum setting_origin origin)
{
    now->of[id] = (struct setting_value){ms, origin};
}

static struct setting_values waits_of(uint32_t timeout, uint32_t backoff, uint32_t max,
                                      enum setting_origin origin)
{
    struct setting_values now = {0};

    set_wait(&now, SETTING_CALLBACK_TIMEOUT_MS, timeout, origin);
    set_wait(&now, SETTING_CALLBACK_BACKOFF_MS, backoff, origin);
    set_wait(&now, SETTING_CALLBACK_BACKOFF_MAX_MS, max, origin);
    return now;
}

static uint64_t sum_of(const struct callback_setting *waits)
{
    return callback_waits_sum_ms(waits->timeout_ms, waits->backoff_ms, waits->backoff_max_ms);
}

/* S22-12: with any lease the default waits add up to less. */
static void waits_below_the_lease(void **unused)
{
    struct setting_values now = waits_of(10000, 1000, 20000, SETTING_DEFAULT);
    struct callback_setting waits;
    char error[256];

    (void)unused;
    for (uint32_t lease = 1; lease <= LIMIT_LEASE_S; lease++) {
        assert_true(callback_setting_fit(&now, lease, &waits, error, sizeof(error)));
        assert_true(sum_of(&waits) < (uint64_t)lease * 1000);
        assert_true(waits.backoff_ms <= waits.backoff_max_ms);
    }
    assert_int_equal(waits.timeout_ms, 10000); /* no shorter than necessary */
    assert_int_equal(waits.backoff_ms, 1000);
    assert_int_equal(waits.backoff_max_ms, 20000);
    assert_int_equal(sum_of(&waits), 10000 + 1000 + 2000 + 4000 + 8000 + 16000 + 20000);
}

/* S22-12: explicit values are kept or refused, defaults adapt. */
static void waits_that_were_set(void **unused)
{
    struct setting_values now = waits_of(10000, 1000, 20000, SETTING_DEFAULT);
    struct callback_setting waits;
    char error[256] = "";

    (void)unused;
    set_wait(&now, SETTING_CALLBACK_BACKOFF_MS, 3000, SETTING_STORED);
    assert_true(callback_setting_fit(&now, 10, &waits, error, sizeof(error)));
    assert_int_equal(waits.backoff_ms, 3000);
    assert_true(sum_of(&waits) < 10000 && waits.backoff_max_ms >= 3000);
    set_wait(&now, SETTING_CALLBACK_BACKOFF_MS, 30000, SETTING_STORED);
    assert_true(callback_setting_fit(&now, 90, &waits, error, sizeof(error)));
    assert_int_equal(waits.backoff_max_ms, 30000);
    set_wait(&now, SETTING_CALLBACK_BACKOFF_MS, 1000, SETTING_DEFAULT);
    set_wait(&now, SETTING_CALLBACK_BACKOFF_MAX_MS, 500, SETTING_OPTION);
    assert_true(callback_setting_fit(&now, 90, &waits, error, sizeof(error)));
    assert_int_equal(waits.backoff_ms, 500);

    now = waits_of(5000, 1000, 4000, SETTING_STORED);
    assert_true(callback_setting_fit(&now, 13, &waits, error, sizeof(error))); /* 12 s in all */
    assert_false(callback_setting_fit(&now, 12, &waits, error, sizeof(error)));
    assert_string_equal(error,
                        "nfs.callback_timeout_ms 5000 (stored), nfs.callback_backoff_ms 1000 "
                        "(stored), nfs.callback_backoff_max_ms 4000 (stored), "
                        "callbacks could take 12000 ms and must take less than the lease, "
                        "12000 ms");
    assert_true(callback_setting_fit(&now, 0, &waits, error, sizeof(error)));
}

/* The back-off doubles up to its maximum, and stays there. */
static void backoff_doubles(void **unused)
{
    static const uint32_t want[] = {1000, 2000, 4000, 8000, 16000, 20000, 20000};
    struct callback_waits waits = {10000, 1000, 20000};

    (void)unused;
    for (uint32_t i = 0; i < ARRAY_SIZE(want); i++)
        assert_int_equal(callback_backoff_ms(&waits, i + 1), want[i]);
    assert_int_equal(callback_backoff_ms(&waits, UINT32_MAX), 20000);
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
        cmocka_unit_test(table),
        cmocka_unit_test(wants),
        cmocka_unit_test(words),
        cmocka_unit_test(bounds),
        cmocka_unit_test(bounds_of_all),
        cmocka_unit_test(ordered),
        cmocka_unit_test(cut_to_the_build),
        cmocka_unit_test(range_has),
        cmocka_unit_test(waits_below_the_lease),
        cmocka_unit_test(waits_that_were_set),
        cmocka_unit_test(backoff_doubles),
    };

    return test_group_run(tests);
}
