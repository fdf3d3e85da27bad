/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of the server under test, text or JSON: how many lines an event has, and the contents of
 * its last one. The line of a request is written before its reply.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LOG_LINE_BYTES 4200u

struct log_line {
    unsigned count; /* of the event, in the whole log */
    uint64_t lines; /* sum of the values of `lines`, where a line has one */
    char text[LOG_LINE_BYTES];
};

/* Read the log again. text is "" if there is no such line; `type`, if not NULL, is the type that
 * the line must have. */
struct log_line log_find(const char *event, const char *type);

/* The same for a key of any name. */
struct log_line log_find_with(const char *event, const char *key, const char *value);

/* The value of `key` without quotes, in static memory; NULL: the line has none. */
const char *log_value(const struct log_line *line, const char *key);

/* The same as a number; fails the test when it is not one. */
uint64_t log_number(const struct log_line *line, const char *key);

/* The number of lines, in all and of one level. */
unsigned log_count(const char *level);

/* Every event line is a JSON object with time, level and event. */
void log_expect_json(void);
