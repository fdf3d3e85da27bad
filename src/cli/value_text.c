/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/value_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum {
    NUMBER_TEXT_BYTES = 48
};

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len > end_len && strcmp(text + len - end_len, end) == 0;
}

enum value_kind value_kind_of(const char *member)
{
    if (ends_with(member, "_s"))
        return VALUE_SECONDS;
    if (ends_with(member, "_bytes"))
        return VALUE_BYTES;
    return strcmp(member, "path") == 0 ? VALUE_PATH : VALUE_PLAIN;
}

bool value_kind_is_number(enum value_kind kind)
{
    return kind == VALUE_SECONDS || kind == VALUE_BYTES || kind == VALUE_COUNT ||
           kind == VALUE_LENGTH;
}

static void seconds_print(double seconds, char *text)
{
    uint64_t whole = seconds > 0 ? (uint64_t)(seconds + 0.5) : 0;

    if (seconds < 10)
        (void)snprintf(text, NUMBER_TEXT_BYTES, "%.1f s", seconds);
    else if (whole < 60)
        (void)snprintf(text, NUMBER_TEXT_BYTES, "%" PRIu64 " s", whole);
    else if (whole < 3600)
        (void)snprintf(text, NUMBER_TEXT_BYTES, "%" PRIu64 "m%02us", whole / 60,
                       (unsigned)(whole % 60));
    else if (whole < 86400)
        (void)snprintf(text, NUMBER_TEXT_BYTES, "%" PRIu64 "h%02um", whole / 3600,
                       (unsigned)(whole / 60 % 60));
    else
        (void)snprintf(text, NUMBER_TEXT_BYTES, "%" PRIu64 "d%02uh", whole / 86400,
                       (unsigned)(whole / 3600 % 24));
}

static void bytes_print(double bytes, char *text)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    size_t unit = 0;

    while (bytes >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
        bytes /= 1024;
        unit++;
    }
    (void)snprintf(text, NUMBER_TEXT_BYTES, unit == 0 || bytes >= 100 ? "%.0f %s" : "%.1f %s",
                   bytes, units[unit]);
}

static char *number_text(const json_t *value, enum value_kind kind)
{
    char text[NUMBER_TEXT_BYTES];

    if (kind == VALUE_SECONDS)
        seconds_print(json_number_value(value), text);
    else if (kind == VALUE_BYTES)
        bytes_print(json_number_value(value), text);
    else if (json_is_integer(value))
        (void)snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else
        (void)snprintf(text, sizeof(text), "%g", json_real_value(value));
    return must_strdup(text);
}

/* Its items, with commas.  NULL: there are none. */
static char *list_text(const json_t *list)
{
    char *text = NULL;
    size_t len = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        char *one = value_text(json_array_get(list, i), VALUE_PLAIN);
        size_t more = one ? strlen(one) : 0;

        text = must_realloc(text, len + more + 3);
        len += (size_t)sprintf(text + len, "%s%s", i > 0 ? ", " : "", one ? one : "-");
        free(one);
    }
    return text;
}

/* NULL: it has no members. */
static char *object_text(const json_t *object)
{
    char *text = NULL;

    if (json_object_size(object) == 0)
        return NULL;
    text = json_dumps(object, JSON_COMPACT);
    return text ? text : must_strdup("?");
}

static char *null_text(enum value_kind kind)
{
    if (kind == VALUE_LENGTH)
        return must_strdup("to end");
    return kind == VALUE_PATH ? must_strdup("(removed)") : NULL;
}

static char *array_text(const json_t *list, enum value_kind kind)
{
    char text[NUMBER_TEXT_BYTES];

    if (kind == VALUE_CLIENTS && json_array_size(list) == 0)
        return must_strdup("all");
    if (kind != VALUE_COUNT)
        return list_text(list);
    (void)snprintf(text, sizeof(text), "%zu", json_array_size(list));
    return must_strdup(text);
}

char *value_text(const json_t *value, enum value_kind kind)
{
    if (!value)
        return kind == VALUE_CLIENTS ? must_strdup("all") : NULL;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return object_text(value);
    case JSON_ARRAY:
        return array_text(value, kind);
    case JSON_STRING:
        return must_strdup(json_string_value(value));
    case JSON_INTEGER:
    case JSON_REAL:
        return number_text(value, kind);
    case JSON_TRUE:
        return must_strdup(kind == VALUE_ACCESS ? "ro" : "yes");
    case JSON_FALSE:
        return must_strdup(kind == VALUE_ACCESS ? "rw" : "no");
    case JSON_NULL:
        return null_text(kind);
    }
    return NULL;
}

const json_t *value_member(const json_t *object, const char *path)
{
    char name[64];
    size_t len = strcspn(path, ".");

    CHECK(len < sizeof(name));
    memcpy(name, path, len);
    name[len] = '\0';
    object = json_object_get(object, name);
    return path[len] == '.' && object ? value_member(object, path + len + 1) : object;
}
