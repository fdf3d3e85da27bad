/* SPDX-License-Identifier: Apache-2.0 */
/* Options over a file: they win, and each that contradicts the file is told with both values. */
#include "lib/test.h"

#include "admin/config/config_key.h"
#include "admin/config/config_reader.h"

enum {
    TOLD_MAX = 16
};

static char told[TOLD_MAX][512];
static unsigned told_count;

static void note(const struct config_conflict *conflict)
{
    assert_true(told_count < TOLD_MAX);
    (void)snprintf(told[told_count++], sizeof(told[0]), "%u %s: %s, not %s", conflict->line,
                   conflict->option, conflict->value, conflict->configured);
}

static void expect_told(const char *text)
{
    for (unsigned i = 0; i < told_count; i++) {
        if (strcmp(told[i], text) == 0)
            return;
    }
    for (unsigned i = 0; i < told_count; i++)
        print_error("%s\n", told[i]);
    fail_msg("not told: %s", text);
}

static struct config *file_make(const char *text)
{
    struct config_faults faults = {0};
    struct config *config = config_read_bytes(text, strlen(text), NULL, &faults);

    assert_non_null(config);
    config_faults_fini(&faults);
    told_count = 0;
    return config;
}

static void say(struct config *options, enum config_key_id id, const char *value)
{
    assert_true(config_key_parse(&config_keys[id], value, options));
    options->by_option[id] = true;
}

static void say_export(struct config *options, const char *text)
{
    char error[256];

    assert_true(
        export_spec_parse(text, &options->exports[options->export_count++], error, sizeof(error)));
    options->by_option[CONFIG_EXPORTS] = true;
}

static void numbers_and_words(void **state)
{
    struct config *config = file_make("threads: 4\n"
                                      "lease: 60\n"
                                      "log: { level: debug }\n"
                                      "slots: 8\n"
                                      "grace: 5\n");
    struct config *options = config_create();

    (void)state;
    say(options, CONFIG_THREADS, "2");
    say(options, CONFIG_LEASE, "60");
    say(options, CONFIG_LOG_LEVEL, "warn");
    say(options, CONFIG_LOG_FORMAT, "json");
    config_overlay(config, options, note);
    config_destroy(options);
    assert_int_equal(config->threads, 2);
    assert_int_equal(config->lease_s, 60);
    assert_int_equal(config->log_level, LOG_LEVEL_WARN);
    assert_true(config->log_json);
    assert_int_equal(config->slots, 8); /* by the file alone */
    assert_int_equal(config->grace_s, 5);
    assert_true(config->by_option[CONFIG_LEASE]);
    assert_false(config->by_option[CONFIG_SLOTS]);
    assert_int_equal(told_count, 2); /* neither the same value, nor one that the file has not */
    expect_told("1 --threads: 2, not 4");
    expect_told("3 --log-level: warn, not debug");
    config_destroy(config);
}

static void lists_and_texts(void **state)
{
    struct config *config = file_make("listen: [127.0.0.1:1, 127.0.0.1:2]\n"
                                      "state: /srv/a\n"
                                      "exports:\n"
                                      "  - { path: /a, backend: mem }\n"
                                      "  - { path: /b, backend: mem }\n");
    struct config *options = config_create();

    (void)state;
    assert_true(listen_address_parse("[::1]:3", &options->listen[options->listen_count++]));
    options->by_option[CONFIG_LISTEN] = true;
    options->state_dir = must_strdup("/srv/b");
    options->by_option[CONFIG_STATE] = true;
    say_export(options, "/c=mem:,ro");
    config_overlay(config, options, note);
    config_destroy(options);
    assert_int_equal(config->listen_count, 1);
    assert_string_equal(config->state_dir, "/srv/b");
    assert_int_equal(config->export_count, 1);
    assert_string_equal(config->exports[0].path, "/c");
    assert_int_equal(config->export_lines[0], 0);
    assert_int_equal(told_count, 3);
    expect_told("1 --listen: [::1]:3, not 127.0.0.1:1, 127.0.0.1:2");
    expect_told("2 --state: /srv/b, not /srv/a");
    expect_told("3 --export: /c, not /a, /b");
    config_destroy(config);
}

static void say_admin(struct config *options, const char *text)
{
    char error[256];

    assert_true(config_admin_add(&options->admin, text, error, sizeof(error)));
    options->by_option[CONFIG_ADMIN] = true;
}

static void admin_endpoint(void **state)
{
    struct config *config = file_make("admin: [unix:/srv/a, 127.0.0.1:1]\n"
                                      "admin_token: /srv/tokens\n"
                                      "admin_open: false\n");
    struct config *options = config_create();

    (void)state;
    say_admin(options, "[::1]:3");
    say_admin(options, "unix:/srv/b");
    say(options, CONFIG_ADMIN_OPEN, "true");
    options->admin.token_file = must_strdup("/srv/others");
    options->by_option[CONFIG_ADMIN_TOKEN] = true;
    config_overlay(config, options, note);
    config_destroy(options);
    assert_int_equal(config->admin.count, 2);
    assert_null(config->admin.at[0].path);
    assert_string_equal(config->admin.at[1].path, "/srv/b");
    assert_string_equal(config->admin.token_file, "/srv/others");
    assert_true(config->admin.open);
    assert_int_equal(told_count, 3);
    expect_told("1 --admin: [::1]:3, unix:/srv/b, not unix:/srv/a, 127.0.0.1:1");
    expect_told("2 --admin-token: /srv/others, not /srv/tokens");
    expect_told("3 --admin-open: true, not false");
    config_destroy(config);
}

static void no_admin_endpoint(void **state)
{
    struct config *config = file_make("admin: [unix:/srv/a]\nadmin_token: /srv/tokens\n");
    struct config *options = config_create();

    (void)state;
    say_admin(options, "none");
    config_overlay(config, options, note);
    config_destroy(options);
    assert_true(config->admin.none);
    assert_int_equal(config->admin.count, 0);
    assert_string_equal(config->admin.token_file, "/srv/tokens");
    expect_told("1 --admin: none, not unix:/srv/a");
    config_destroy(config);
}

/* The paths are the same, and they may differ all the same. */
static void exports_of_the_same_paths(void **state)
{
    struct config *config = file_make("exports: [{ path: /a, backend: mem }]\n");
    struct config *options = config_create();

    (void)state;
    say_export(options, "/a=mem:,ro");
    config_overlay(config, options, note);
    config_destroy(options);
    assert_true(config->exports[0].read_only);
    expect_told("1 --export: /a, not /a");
    config_destroy(config);
}

static void settings(void **state)
{
    struct config *config = file_make("settings:\n"
                                      "  nfs.delegations: 1\n"
                                      "  nfs.max_opens: 5\n"
                                      "  nfs.recall_park_ms: 7\n");
    struct config *options = config_create();
    struct setting_values values;

    (void)state;
    options->options[SETTING_DELEGATIONS] = (struct setting_option){true, 0};
    options->options[SETTING_MAX_OPENS] = (struct setting_option){true, 5};
    options->options[SETTING_MAX_CLIENTS] = (struct setting_option){true, 9};
    config_overlay(config, options, note);
    config_destroy(options);
    assert_int_equal(told_count, 1);
    expect_told("2 --set nfs.delegations: none, not read");
    config_settings(config, &values);
    assert_int_equal(values.of[SETTING_DELEGATIONS].number, 0);
    assert_int_equal(values.of[SETTING_DELEGATIONS].origin, SETTING_OPTION);
    assert_int_equal(values.of[SETTING_RECALL_PARK_MS].number, 7);
    assert_int_equal(values.of[SETTING_RECALL_PARK_MS].origin, SETTING_FILE);
    assert_int_equal(values.of[SETTING_MAX_CLIENTS].number, 9);
    assert_int_equal(values.of[SETTING_MAX_LOCKS].origin, SETTING_DEFAULT);
    config_destroy(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_words),
        cmocka_unit_test(lists_and_texts),
        cmocka_unit_test(admin_endpoint),
        cmocka_unit_test(no_admin_endpoint),
        cmocka_unit_test(exports_of_the_same_paths),
        cmocka_unit_test(settings),
    };

    return test_group_run(tests);
}
