/* SPDX-License-Identifier: Apache-2.0 */
#include "log_lines.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"

/* " KEY=" in text, "\"KEY\":" in JSON. */
static const char *value_start(const char *line, const char *key)
{
    const char *at;
    char mark[64];

    (void)snprintf(mark, sizeof(mark), *line == '{' ? "\"%s\":" : " %s=", key);
    at = strstr(line, mark);
    return at ? at + strlen(mark) : NULL;
}

/* Copy a value up to its end; the server's own values contain no quotes. */
static bool value_copy(const char *line, const char *key, char *out, size_t size)
{
    const char *at = value_start(line, key);
    size_t len;

    if (!at)
        return false;
    len = *at == '"' ? strcspn(at + 1, "\"") : strcspn(at, " ,}\n");
    at += *at == '"';
    assert_true(len < size);
    memcpy(out, at, len);
    out[len] = '\0';
    return true;
}

/* The word of that number in a text line, or the member of JSON. */
static bool word_is(const char *line, const char *key, unsigned number, const char *want)
{
    char word[64];

    if (*line == '{')
        return value_copy(line, key, word, sizeof(word)) && strcmp(word, want) == 0;
    for (; number > 0; number--) {
        line += strcspn(line, " \n");
        line += *line == ' ';
    }
    return strncmp(line, want, strlen(want)) == 0 && strchr(" \n", line[strlen(want)]);
}

/* Start-up messages and sanitizer reports are not events. */
static bool is_event(const char *line)
{
    return *line == '{' || strncmp(line, "20", 2) == 0;
}

/* The server may still be writing the last line. */
static bool is_whole(const char *line)
{
    return strchr(line, '\n') != NULL;
}

/* Call `use` for each event line. */
static void each_line(void (*use)(const char *line, void *arg), void *arg)
{
    static char line[LOG_LINE_BYTES];
    FILE *log = fopen(script_server.log, "r");

    assert_non_null(log);
    while (fgets(line, sizeof(line), log)) {
        if (is_event(line) && is_whole(line))
            use(line, arg);
    }
    (void)fclose(log);
}

struct search {
    const char *event;
    const char *key, *want; /* NULL: any */
    struct log_line *found;
};

static void match(const char *line, void *arg)
{
    const struct search *search = arg;
    char value[64], lines[64];

    if (!word_is(line, "event", 2, search->event))
        return;
    if (search->want &&
        (!value_copy(line, search->key, value, sizeof(value)) || strcmp(value, search->want) != 0))
        return;
    search->found->count++;
    if (value_copy(line, "lines", lines, sizeof(lines)))
        search->found->lines += strtoull(lines, NULL, 10);
    (void)snprintf(search->found->text, sizeof(search->found->text), "%s", line);
}

struct log_line log_find_with(const char *event, const char *key, const char *value)
{
    struct log_line found = {0};
    struct search search = {event, key, value, &found};

    each_line(match, &search);
    return found;
}

struct log_line log_find(const char *event, const char *type)
{
    return log_find_with(event, "type", type);
}

const char *log_value(const struct log_line *line, const char *key)
{
    static char value[LOG_LINE_BYTES];

    return value_copy(line->text, key, value, sizeof(value)) ? value : NULL;
}

uint64_t log_number(const struct log_line *line, const char *key)
{
    const char *value = log_value(line, key);
    char *end;
    uint64_t number;

    if (!value || !*value) {
        print_error("no %s in: %s\n", key, line->text);
        fail();
        abort();
    }
    number = strtoull(value, &end, 10);
    assert_int_equal(*end, '\0');
    return number;
}

struct level {
    const char *name;
    unsigned count;
};

static void match_level(const char *line, void *arg)
{
    struct level *level = arg;

    level->count += word_is(line, "level", 1, level->name);
}

unsigned log_count(const char *level)
{
    struct level counted = {level, 0};

    each_line(match_level, &counted);
    return counted.count;
}

static void parse(const char *line, void *arg)
{
    json_error_t error;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);

    if (!object)
        print_error("%s: %s\n", error.text, line);
    assert_non_null(object);
    assert_true(json_is_string(json_object_get(object, "time")));
    assert_true(json_is_string(json_object_get(object, "level")));
    assert_true(json_is_string(json_object_get(object, "event")));
    json_decref(object);
    ++*(unsigned *)arg;
}

void log_expect_json(void)
{
    unsigned lines = 0;

    each_line(parse, &lines);
    assert_true(lines > 0);
}
