/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers see each line once and in order, or learn how many they have missed; without readers
 * nothing is kept.
 */
#include "admin/api/event_feed.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "lib/test.h"

enum {
    MANY = 20000, /* lines: more than fit */
    THREADS = 4
};

static struct event_feed *feed;
static int real_stderr;

static void silence(void)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    real_stderr = dup(STDERR_FILENO);
    assert_true(null >= 0 && real_stderr >= 0 && dup2(null, STDERR_FILENO) >= 0);
    close(null);
}

static void speak(void)
{
    assert_true(dup2(real_stderr, STDERR_FILENO) >= 0);
    close(real_stderr);
}

static void log_lines(uint64_t from, uint64_t to)
{
    silence();
    for (uint64_t i = from; i < to; i++)
        log_info_taken(NULL, "callback.test", LOG_U64("i", i));
    speak();
}

static uint64_t number_of(const struct event_line *line)
{
    static const char before[] = "\"event\":\"callback.test\",\"i\":";
    char text[LIMIT_LOG_LINE_BYTES + 1];
    const char *at;

    memcpy(text, line->json, line->len);
    text[line->len] = '\0';
    assert_true(text[0] == '{' && text[line->len - 1] == '}');
    at = strstr(text, before);
    if (!at) {
        fail_msg("not a line of this test: %s", text);
        return 0;
    }
    return strtoull(at + strlen(before), NULL, 10);
}

static uint64_t kept_bytes(void)
{
    struct memory_stats stats;

    memory_stats_read(&stats);
    return stats.of[MEMORY_admin];
}

static int set_up(void **unused)
{
    (void)unused;
    feed = event_feed_create();
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    event_feed_destroy(feed);
    return 0;
}

static void lines_from_now_on(void **unused)
{
    struct event_cursor early, late;
    struct event_line line;
    uint64_t lost;

    (void)unused;
    assert_true(event_feed_open(feed, &early));
    assert_false(event_feed_next(feed, &early, &line, &lost));
    log_lines(0, 2);
    assert_true(event_feed_open(feed, &late));
    log_lines(2, 3);
    for (uint64_t i = 0; i < 3; i++) {
        assert_true(event_feed_next(feed, &early, &line, &lost));
        assert_int_equal(number_of(&line), i);
        assert_int_equal(line.level, LOG_LEVEL_INFO);
        assert_int_equal(line.part, LOG_PART_callback);
        assert_int_equal(lost, 0);
    }
    assert_false(event_feed_next(feed, &early, &line, &lost));
    assert_true(event_feed_next(feed, &late, &line, &lost));
    assert_int_equal(number_of(&line), 2);
    event_feed_close(feed);
    event_feed_close(feed);
}

/* Those that are gone and those that are there are all, and those that are there the last. */
static void slow_reader(void **unused)
{
    struct event_cursor cursor;
    struct event_line line;
    uint64_t lost, next;

    (void)unused;
    assert_true(event_feed_open(feed, &cursor));
    log_lines(0, MANY);
    assert_true(event_feed_next(feed, &cursor, &line, &lost));
    assert_in_range(lost, 1, MANY - 1);
    assert_int_equal(number_of(&line), lost);
    for (next = lost + 1; event_feed_next(feed, &cursor, &line, &lost); next++) {
        assert_int_equal(number_of(&line), next);
        assert_int_equal(lost, 0);
    }
    assert_int_equal(next, MANY);
    event_feed_close(feed);
}

static void bounded_readers(void **unused)
{
    struct event_cursor cursor;
    struct event_line line;
    uint64_t before = kept_bytes(), lost;

    (void)unused;
    for (unsigned i = 0; i < LIMIT_EVENT_READERS; i++)
        assert_true(event_feed_open(feed, &cursor));
    assert_false(event_feed_open(feed, &cursor));
    assert_in_range(kept_bytes() - before, 1, 2 * LIMIT_EVENT_FEED_BYTES);
    event_feed_close(feed);
    assert_true(event_feed_open(feed, &cursor));
    for (unsigned i = 0; i < LIMIT_EVENT_READERS; i++)
        event_feed_close(feed);
    assert_int_equal(kept_bytes(), before);
    log_lines(0, 1);
    assert_true(event_feed_open(feed, &cursor));
    assert_false(event_feed_next(feed, &cursor, &line, &lost));
    event_feed_close(feed);
}

static void *logger(void *arg)
{
    (void)arg;
    for (uint64_t i = 0; i < MANY / THREADS; i++)
        log_info_taken(NULL, "callback.test", LOG_U64("i", i));
    return NULL;
}

/* Threads log while one reads, and while readers come and go. */
static void side_by_side(void **unused)
{
    struct event_cursor cursor, other;
    pthread_t threads[THREADS];
    struct event_line line;
    uint64_t seen = 0, lost;

    (void)unused;
    assert_true(event_feed_open(feed, &cursor));
    silence();
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, logger, NULL), 0);
    while (seen < MANY) {
        if (event_feed_next(feed, &cursor, &line, &lost))
            seen += 1 + lost;
        if (event_feed_open(feed, &other))
            event_feed_close(feed);
    }
    event_feed_close(feed);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    speak();
    assert_int_equal(seen, MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_from_now_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(slow_reader, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounded_readers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(side_by_side, set_up, tear_down),
    };

    return test_group_run(tests);
}
