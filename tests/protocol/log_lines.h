/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of the server under test, text or JSON: how many lines of an event there are, and what
 * the last one says.  A line is there before the reply whose request it is about.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LOG_LINE_BYTES 4200u

struct log_line {
    unsigned count; /* of the event, in the whole log */
    uint64_t lines; /* sum of the key `lines`, where they have one */
    char text[LOG_LINE_BYTES];
};

/* Read the log anew.  text is "" without such a line; `type`, if not NULL, is the type it must
 * have. */
struct log_line log_find(const char *event, const char *type);

/* The same for a key of any name. */
struct log_line log_find_with(const char *event, const char *key, const char *value);

/* The value of `key` without quotes, in static memory; NULL: the line has none. */
const char *log_value(const struct log_line *line, const char *key);

/* The same as a number; fails the test when it is none. */
uint64_t log_number(const struct log_line *line, const char *key);

/* All lines, and those of a level. */
unsigned log_count(const char *level);

/* Every event line is a JSON object with time, level and event. */
void log_expect_json(void);
