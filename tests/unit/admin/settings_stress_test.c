/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that reload, read and list settings while others store them. */
#include "settings_fixture.h"

#include <pthread.h>

enum {
    CHANGERS = 3,
    READERS = 2,
    ROUNDS = 12
};

static struct settings *shared;
static struct setting_values last; /* written by the hook alone, which runs once at a time */
static atomic_bool done;

static void check_pair(const struct setting_values *now)
{
    CHECK(now->of[SETTING_MIN_MINOR_VERSION].number <= now->of[SETTING_MAX_MINOR_VERSION].number);
}

static void apply(void *context, const struct setting_values *now)
{
    struct setting_values reads;

    (void)context;
    check_pair(now);
    if (shared)
        settings_get(shared, &reads);
    last = *now;
}

static void *change(void *arg)
{
    static const char *const pairs[][2] = {{"0", "0"}, {"1", "1"}, {NULL, NULL}};
    char error[256];

    for (int i = 0; i < ROUNDS; i++) {
        const char *const *pair = pairs[(*(const int *)arg + i) % 3];

        store_both(pair[0], pair[1]);
        if (settings_reload(shared, error, sizeof(error)) != SETTINGS_OK) {
            (void)printf("%s\n", error);
            CHECK(false);
        }
    }
    return NULL;
}

static void *look(void *arg)
{
    struct setting_state states[SETTING_COUNT];
    struct setting_values now;

    (void)arg;
    while (!done) {
        settings_get(shared, &now);
        check_pair(&now);
        (void)settings_list(shared, states);
        CHECK(states[0].value[0] <= states[1].value[0]);
        CHECK(states[0].revision + (states[0].revision != 0) == states[1].revision);
    }
    return NULL;
}

static void at_once(void **unused)
{
    struct settings_config config = {.dir = settings_dir_fd, .apply = apply};
    pthread_t changers[CHANGERS], readers[READERS];
    int first[CHANGERS];
    struct setting_state states[SETTING_COUNT];
    struct setting_values now;
    enum settings_status status;
    char error[256];

    (void)unused;
    shared = settings_open(&config, &status, error, sizeof(error));
    assert_non_null(shared);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, look, NULL), 0);
    for (int i = 0; i < CHANGERS; i++) {
        first[i] = i;
        assert_int_equal(pthread_create(&changers[i], NULL, change, &first[i]), 0);
    }
    for (int i = 0; i < CHANGERS; i++)
        assert_int_equal(pthread_join(changers[i], NULL), 0);
    done = true;
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    (void)settings_list(shared, states);
    assert_int_equal(states[1].revision, 2 * CHANGERS * ROUNDS);
    settings_get(shared, &now);
    for (int i = 0; i < SETTING_COUNT; i++)
        assert_int_equal(last.of[i].number, now.of[i].number);
    settings_close(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(at_once, settings_set_up, settings_tear_down),
    };

    return test_group_run(tests);
}
