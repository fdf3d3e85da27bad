/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines for a reader that is slow, resumes, or never reads. */
#include "base/log_queue.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "lib/test.h"
#include "lib/wait.h"

enum {
    BYTES = 4096,
    LINES = 32,
    WRITERS = 4,
    EACH = 500,
};

static int ends[2];

static size_t note(char *text, size_t size, uint64_t dropped)
{
    return (size_t)snprintf(text, size, "dropped %u\n", (unsigned)dropped);
}

static struct log_queue *make(uint32_t lines_max)
{
    struct log_queue *queue;

    assert_int_equal(pipe(ends), 0);
    queue = log_queue_create(&(struct log_queue_config){
        .fd = ends[1], .bytes_max = BYTES, .lines_max = lines_max, .note = note});
    assert_non_null(queue);
    return queue;
}

static void fill_pipe(void)
{
    static const char text[4096];
    int flags = fcntl(ends[1], F_GETFL);

    assert_int_equal(fcntl(ends[1], F_SETFL, flags | O_NONBLOCK), 0);
    while (write(ends[1], text, sizeof(text)) > 0)
        continue;
    assert_int_equal(fcntl(ends[1], F_SETFL, flags), 0);
}

/* All text until the end of file, without the zero bytes. */
static char *read_all(void)
{
    static char text[1 << 20];
    size_t len = 0;
    char byte[4096];
    ssize_t n;

    while ((n = read(ends[0], byte, sizeof(byte))) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            if (byte[i] && len < sizeof(text) - 1)
                text[len++] = byte[i];
        }
    }
    text[len] = '\0';
    return text;
}

static void in_order(void **state)
{
    struct log_queue *queue = make(LINES);

    (void)state;
    assert_true(log_queue_put(queue, "one\n", 4));
    assert_true(log_queue_put(queue, "two\n", 4));
    assert_true(log_queue_flush(queue, WAIT_PATIENCE_MS));
    assert_true(log_queue_put(queue, "three\n", 6));
    assert_true(log_queue_destroy(queue, WAIT_PATIENCE_MS));
    close(ends[1]);
    assert_string_equal(read_all(), "one\ntwo\nthree\n");
    close(ends[0]);
}

static void *reader(void *arg)
{
    (void)arg;
    return read_all();
}

/* That many lines, and notes about that many missing ones, one of them right before the last
 * line. */
static void expect_told(char *text, unsigned kept, unsigned dropped)
{
    const char *last = "";
    bool noted = false;

    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned count;

        noted = sscanf(last, "dropped %u", &count) == 1;
        if (noted)
            dropped -= count;
        kept -= strcmp(line, "a line") == 0;
        last = line;
    }
    assert_string_equal(last, "later");
    assert_true(noted);
    assert_int_equal(kept, 0);
    assert_int_equal(dropped, 0);
}

/* No thread waits; the first lines are kept, and a note is where others are missing. */
static void full(void **state)
{
    struct log_queue *queue = make(LINES);
    unsigned kept = 0;
    pthread_t thread;
    void *text;

    (void)state;
    fill_pipe();
    for (unsigned i = 0; i < 1000; i++)
        kept += log_queue_put(queue, "a line\n", 7);
    assert_in_range(kept, LINES, 2 * LINES); /* the writer may have taken a batch before */
    assert_int_equal(log_queue_dropped(queue), 1000 - kept);
    assert_false(log_queue_flush(queue, 10));
    assert_int_equal(pthread_create(&thread, NULL, reader, NULL), 0);
    assert_true(log_queue_flush(queue, WAIT_PATIENCE_MS));
    assert_true(log_queue_put(queue, "later\n", 6));
    assert_true(log_queue_destroy(queue, WAIT_PATIENCE_MS));
    close(ends[1]);
    assert_int_equal(pthread_join(thread, &text), 0);
    expect_told(text, kept, 1000 - kept);
    close(ends[0]);
}

static void too_many_bytes(void **state)
{
    struct log_queue *queue = make(UINT32_MAX);
    char line[1000];
    unsigned kept = 0;

    (void)state;
    memset(line, 'x', sizeof(line));
    fill_pipe();
    for (unsigned i = 0; i < 100; i++)
        kept += log_queue_put(queue, line, sizeof(line));
    assert_in_range(kept, BYTES / sizeof(line), 2 * (BYTES / sizeof(line)));
    close(ends[0]); /* the reader is gone: remaining lines are lost, and no thread waits */
    assert_true(log_queue_destroy(queue, WAIT_PATIENCE_MS));
    close(ends[1]);
}

static void *writer(void *arg)
{
    for (unsigned i = 0; i < EACH; i++) {
        char line[32];
        int len = snprintf(line, sizeof(line), "<%03u>\n", i);

        while (!log_queue_put(arg, line, (size_t)len))
            wait_ms(1);
    }
    return NULL;
}

static void many_writers(void **state)
{
    struct log_queue *queue = make(LINES);
    pthread_t threads[WRITERS], read_by;
    unsigned lines = 0;
    void *text;

    (void)state;
    assert_int_equal(pthread_create(&read_by, NULL, reader, NULL), 0);
    for (unsigned i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, writer, queue), 0);
    for (unsigned i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_true(log_queue_destroy(queue, WAIT_PATIENCE_MS));
    close(ends[1]);
    assert_int_equal(pthread_join(read_by, &text), 0);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (line[0] == 'd')
            continue;
        assert_int_equal(strlen(line), 5);
        assert_int_equal(line[0], '<');
        assert_int_equal(line[4], '>');
        lines++;
    }
    assert_int_equal(lines, WRITERS * EACH);
    close(ends[0]);
}

/* One place in the code logs far more often than a second allows; its next line reports the missing
 * ones. */
static void a_limit_for_each_place(void **state)
{
    int saved = dup(STDERR_FILENO);
    unsigned lines = 0;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 500 + round; i++)
            log_info("some.event", LOG_U64("i", i));
        if (round == 0)
            wait_ms(2100);
    }
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    close(saved);
    for (char *line = strtok(read_all(), "\n"); line; line = strtok(NULL, "\n"))
        lines += strstr(line, "some.event") != NULL;
    assert_in_range(lines, 200, 600); /* a round may fall into two seconds, or three */
    assert_int_equal(log_limited() + lines, 1001);
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(full),
        cmocka_unit_test(too_many_bytes),
        cmocka_unit_test(many_writers),
        cmocka_unit_test(a_limit_for_each_place),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return test_group_run(tests);
}
