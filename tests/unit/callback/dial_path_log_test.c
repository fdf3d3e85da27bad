/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines about paths have one limit, which LIMIT_LOG_LINES_PER_S is not: whatever passes it is in
 * the log, and whatever does not is counted.
 */
#include "callback/dial_path_log.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <unistd.h>

#include "callback/dial_out_internal.h"
#include "callback/dial_path.h"
#include "lib/test.h"

enum {
    SECONDS = 3,
    CHANGES = 150 /* in a second */
};

/* stderr, for a while. */
struct redirection {
    FILE *file;
    int before;
};

static void redirect(struct redirection *r)
{
    r->file = tmpfile();
    r->before = dup(STDERR_FILENO);
    assert_true(r->file != NULL && r->before >= 0);
    assert_true(dup2(fileno(r->file), STDERR_FILENO) >= 0);
}

/* Back to normal; returns the number of lines. */
static unsigned redirected_lines(struct redirection *r)
{
    unsigned lines = 0;
    int c;

    assert_true(dup2(r->before, STDERR_FILENO) >= 0);
    close(r->before);
    rewind(r->file);
    while ((c = fgetc(r->file)) != EOF)
        lines += c == '\n';
    (void)fclose(r->file);
    return lines;
}

static void each_line_is_there_or_counted(void **unused)
{
    static const struct dial_path_log up = {.state = DIAL_PATH_UP},
                                      down = {.state = DIAL_PATH_DOWN, .why = "closed"};
    struct dial_out out = {.stopped = false};
    struct dial_path path = {.out = &out};
    struct redirection r;
    uint64_t left_out;
    unsigned lines;

    (void)unused;
    path.target.address.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(2049)};
    clock_stop();
    redirect(&r);
    for (unsigned i = 0; i < SECONDS * CHANGES; i++) {
        if (i % CHANGES == 0)
            clock_advance_ns(NSEC_PER_SEC);
        dial_path_log_write(&path, i % 2 ? &up : &down);
    }
    lines = redirected_lines(&r);
    left_out = log_limit_left_out(&out.log_limit);
    assert_int_equal(lines, SECONDS * LIMIT_LOG_CALLBACKS_PER_S);
    assert_int_equal(lines + left_out, SECONDS * CHANGES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_line_is_there_or_counted)};

    return test_group_run(tests);
}
