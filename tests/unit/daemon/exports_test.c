/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of exports that cannot be made change nothing of what is served or stored. */
#include "daemon/exports.h"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/descriptors.h"
#include "daemon/export_store.h"
#include "lib/directory.h"
#include "unit/state/open/open_fixture.h"

#define X_RW "{\"path\": \"/x\", \"backend\": \"mem\"}"
#define X_RO "{\"path\": \"/x\", \"backend\": \"mem\", \"access\": \"ro\"}"
#define Y "{\"path\": \"/y\", \"backend\": \"mem\"}"

enum {
    LOCALS = 4,
    SPARE = DESCRIPTORS_LATER_MIN * (LOCALS + 2)
};

static char path[] = "/tmp/mainstay-exports-XXXXXX";
static struct exports *exports;
static struct export_table *table;
static int dir;

static char said[4096]; /* what the last change reported */

static void take_line(void *context, const char *text)
{
    (void)context;
    (void)snprintf(said, sizeof(said), "%s", text);
}

static const struct export_report report = {.line = take_line};

static void expect(enum export_result result, enum export_result expected)
{
    if (result != expected)
        fail_msg("%d, not %d: %s", result, expected, said);
}

static int set_up(void **state)
{
    char first[] = "/=mem:", error[256];
    struct config *config = config_create();

    if (fixture_set_up(state) != 0)
        return -1;
    (void)snprintf(path + strlen(path) - 6, 7, "XXXXXX");
    dir = directory_make(path);
    assert_true(export_spec_parse(first, &config->exports[0], error, sizeof(error)));
    config->export_count = 1;
    table = export_table_create();
    exports = exports_open(&(struct exports_config){.table = table,
                                                    .state = fx.state,
                                                    .state_dir = path,
                                                    .state_fd = dir,
                                                    .descriptors_spare = SPARE,
                                                    .machine = true},
                           config, error, sizeof(error));
    config_destroy(config);
    return exports ? 0 : -1;
}

static int tear_down(void **state)
{
    exports_close(exports);
    export_table_destroy(table);
    close(dir);
    return directory_remove(path) == 0 ? fixture_tear_down(state) : -1;
}

struct stored {
    uint32_t count;
    char text[4096];
};

static void see_stored(void *context, const char *of, const char *json)
{
    struct stored *stored = context;

    assert_string_equal(of, "/x");
    stored->count++;
    (void)snprintf(stored->text, sizeof(stored->text), "%s", json);
}

/* Nothing but /x is stored, so. */
static void expect_stored(const char *json)
{
    struct stored stored = {0};
    char error[256];

    assert_true(export_store_read(dir, see_stored, &stored, error, sizeof(error)));
    assert_int_equal(stored.count, 1);
    assert_string_equal(stored.text, json);
}

static void see_served(const struct export_shown *shown, void *arg)
{
    uint32_t *count = arg;

    (*count)++;
    if (strcmp(shown->spec->path, "/x") == 0)
        assert_false(shown->spec->read_only);
}

static void expect_served(void)
{
    uint32_t count = 0;

    assert_true(exports_visit(exports, NULL, see_served, &count));
    assert_int_equal(count, 2);
}

/* So many changes in the past are still in use that there is room for `room` more. */
static void fill(uint32_t room)
{
    struct export_spec spec;
    char error[256];

    assert_true(export_spec_parse("/=mem:", &spec, error, sizeof(error)));
    while (export_table_room(table) > room)
        assert_true(export_table_change(table, &spec, error, sizeof(error)));
    export_spec_fini(&spec);
}

static void too_many_changes(void **state)
{
    unsigned phase = export_enter(table);

    (void)state;
    expect(exports_add(exports, X_RW, &report), EXPORT_DONE);
    fill(1); /* one is not enough to add an export, and to remove it if it cannot be stored */
    expect(exports_add(exports, Y, &report), EXPORT_BUSY);
    assert_non_null(strstr(said, "are not over yet"));
    expect_stored(X_RW);
    expect_served();
    fill(0);
    expect(exports_change(exports, "/x", X_RO, &report), EXPORT_BUSY);
    expect_stored(X_RW);
    expect(exports_remove(exports, "/x", true, &report), EXPORT_BUSY);
    expect_stored(X_RW);
    expect_served();
    export_leave(table, phase);
    for (int i = 0; i < 4; i++)
        exports_tick(exports);
    assert_int_equal(export_table_retired(table), 0);
    expect(exports_change(exports, "/x", X_RO, &report), EXPORT_DONE);
    expect_stored(X_RO);
}

static void too_many_changes_for_a_file(void **state)
{
    unsigned phase = export_enter(table);
    struct config *config = config_create();

    (void)state;
    expect(exports_add(exports, X_RW, &report), EXPORT_DONE);
    fill(0);
    *said = '\0';
    assert_null(exports_prepare(exports, config, "mainstay.conf", &report)); /* it removes / */
    assert_non_null(strstr(said, "are not over yet"));
    expect_served();
    export_leave(table, phase);
    config_destroy(config);
}

/* A configuration with LOCALS new exports of files. */
static struct config *locals_make(void)
{
    struct config *config = config_create();
    char text[256], error[256];

    for (int i = 0; i < LOCALS; i++) {
        (void)snprintf(text, sizeof(text), "/n%d=local:%s/n%d", i, path, i);
        assert_true(export_spec_parse(text, &config->exports[i], error, sizeof(error)));
        config->export_count++;
        (void)snprintf(text, sizeof(text), "n%d", i);
        assert_int_equal(mkdirat(dir, text, 0755), 0);
    }
    return config;
}

struct reader {
    const struct config *config;
    const struct export_spec *spec; /* the one that add_one() adds */
    pthread_t thread;
    char refused[256]; /* why it was */
};

static void see_refusal(void *context, const char *text)
{
    struct reader *reader = context;

    (void)snprintf(reader->refused, sizeof(reader->refused), "%s", text);
}

static void ignore_change(void *context, const char *text)
{
    (void)context, (void)text;
}

static void *read_again(void *arg)
{
    struct reader *reader = arg;
    const struct export_report mistakes = {.line = see_refusal, .context = reader};
    const struct export_report changes = {.line = ignore_change};
    struct exports_plan *plan =
        exports_prepare(exports, reader->config, "mainstay.conf", &mistakes);

    if (plan)
        exports_apply(plan, false, &changes);
    return NULL;
}

/* Two threads read a file at once: there are descriptors for all its exports, but not twice. */
static void a_file_is_read_twice_at_once(void **state)
{
    struct reader readers[2] = {{.config = locals_make()}};

    (void)state;
    readers[1].config = readers[0].config;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_again, &readers[i]), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
    for (int i = 0; i < 2; i++)
        assert_string_equal(readers[i].refused, "");
    config_destroy((struct config *)readers[0].config);
}

static void *add_one(void *arg)
{
    struct reader *reader = arg;
    const struct export_report refusals = {.line = see_refusal, .context = reader};
    char json[256];

    (void)snprintf(json, sizeof(json),
                   "{\"path\": \"%s\", \"backend\": \"local\", \"argument\": \"%s\"}",
                   reader->spec->path, reader->spec->arg);
    if (exports_add(exports, json, &refusals) != EXPORT_DONE && *reader->refused == '\0')
        (void)snprintf(reader->refused, sizeof(reader->refused), "for no reason");
    return NULL;
}

/* The first two exports of files come at once: both get the key that one of them creates. */
static void two_are_added_at_once(void **state)
{
    struct config *config = locals_make();
    struct reader readers[2] = {{.spec = &config->exports[0]}, {.spec = &config->exports[1]}};

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&readers[i].thread, NULL, add_one, &readers[i]), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
    for (int i = 0; i < 2; i++)
        assert_string_equal(readers[i].refused, "");
    config_destroy(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(too_many_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_changes_for_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_is_read_twice_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_are_added_at_once, set_up, tear_down),
    };

    return test_group_run(tests);
}
