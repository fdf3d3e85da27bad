/* SPDX-License-Identifier: Apache-2.0 */
#include "scrape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "script.h"

enum {
    TEXT_BYTES = 4 << 20,
    NAME_BYTES = 512,
    REQUEST_BYTES = 256
};

static const char prefix[] = "mainstay_";

static int admin_connect(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/admin.sock",
                   script_server.state);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* The answer to a request without a body; the text belongs to the caller. */
static char *admin_ask(const char *method, const char *path)
{
    char request[REQUEST_BYTES], *text = malloc(TEXT_BYTES);
    int fd = admin_connect();
    size_t len = 0;
    ssize_t n;

    assert_non_null(text);
    n = snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n", method,
                 path);
    assert_int_equal(send(fd, request, (size_t)n, MSG_NOSIGNAL), n);
    while ((n = read(fd, text + len, TEXT_BYTES - 1 - len)) > 0)
        len += (size_t)n;
    (void)close(fd);
    text[len] = '\0';
    return text;
}

static void expect_answer(const char *text, unsigned status)
{
    char line[sizeof("HTTP/1.1 200 ")];

    (void)snprintf(line, sizeof(line), "HTTP/1.1 %u ", status);
    if (strncmp(text, line, strlen(line)) != 0)
        fail_msg("not %u: %.200s", status, text);
}

/* The body; the text belongs to the caller. */
static char *metrics_get(void)
{
    char *text = admin_ask("GET", "/metrics"), *body;

    expect_answer(text, 200);
    body = strstr(text, "\r\n\r\n");
    assert_non_null(body);
    memmove(text, body + 4, strlen(body + 4) + 1);
    return text;
}

void scrape_post(const char *path, unsigned status)
{
    char *text = admin_ask("POST", path);

    expect_answer(text, status);
    free(text);
}

static int series_order(const void *a, const void *b)
{
    return strcmp(((const struct scrape_series *)a)->name, ((const struct scrape_series *)b)->name);
}

struct scrape scrape_take(void)
{
    struct scrape scrape = {.text = metrics_get()};
    size_t room = 0;
    char *rest = NULL;

    for (char *line = strtok_r(scrape.text, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        char *space = strrchr(line, ' ');

        if (*line == '#' || !space)
            continue;
        if (scrape.count == room) {
            room = room ? 2 * room : 1024;
            scrape.series = realloc(scrape.series, room * sizeof(*scrape.series));
            assert_non_null(scrape.series);
        }
        *space = '\0';
        scrape.series[scrape.count++] = (struct scrape_series){line, strtod(space + 1, NULL)};
    }
    assert_true(scrape.count > 0);
    if (scrape.count > 0)
        qsort(scrape.series, scrape.count, sizeof(*scrape.series), series_order);
    return scrape;
}

void scrape_free(struct scrape *scrape)
{
    free(scrape->series);
    free(scrape->text);
    *scrape = (struct scrape){0};
}

/* How much of a series' name is its family's. */
static size_t family_len(const char *name)
{
    static const char *const ends[] = {"_total", "_bucket", "_sum", "_count"};
    size_t len = strcspn(name, "{ ");

    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        size_t end = strlen(ends[i]);

        if (len > end && strncmp(name + len - end, ends[i], end) == 0)
            return len - end;
    }
    return len;
}

/* Are the labels of the pattern among those of the series? */
static bool labels_match(const char *series, const char *labels)
{
    char wanted[NAME_BYTES];
    size_t len = strlen(labels);

    if (len == 0)
        return true;
    assert_true(len > 2 && len < sizeof(wanted));
    (void)snprintf(wanted, sizeof(wanted), "%.*s", (int)len - 2, labels + 1);
    return strstr(series, wanted) != NULL;
}

bool scrape_matches(const char *series, const char *pattern)
{
    const char *name = series + strlen(prefix);
    size_t len = family_len(name);

    return strcspn(pattern, "{") == len && strncmp(name, pattern, len) == 0 &&
           labels_match(name, pattern + len);
}

double scrape_sum(const struct scrape *scrape, const char *pattern)
{
    double sum = 0;

    for (size_t i = 0; i < scrape->count; i++) {
        if (scrape_matches(scrape->series[i].name, pattern))
            sum += scrape->series[i].value;
    }
    return sum;
}

void scrape_compare(const struct scrape *before, const struct scrape *now,
                    void (*visit)(const char *series, void *arg), void *arg)
{
    size_t i = 0, j = 0;

    while (i < before->count || j < now->count) {
        int order = i == before->count ? 1
                    : j == now->count  ? -1
                                       : series_order(&before->series[i], &now->series[j]);

        if (order < 0) {
            visit(before->series[i++].name, arg);
        } else if (order > 0) {
            visit(now->series[j++].name, arg);
        } else {
            if (before->series[i].value != now->series[j].value)
                visit(now->series[j].name, arg);
            i++;
            j++;
        }
    }
}

void scrape_families(void (*visit)(const char *family, void *arg), void *arg)
{
    static const char type[] = "# TYPE mainstay_";
    char *text = metrics_get(), *rest = NULL, name[NAME_BYTES];

    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, type, sizeof(type) - 1) != 0)
            continue;
        line += sizeof(type) - 1;
        (void)snprintf(name, sizeof(name), "%.*s", (int)family_len(line), line);
        visit(name, arg);
    }
    free(text);
}
