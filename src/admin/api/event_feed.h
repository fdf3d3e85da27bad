/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last lines of the log, in a ring, for those who follow it.  Lines are put there only while
 * somebody does.  Putting one never waits for a reader: one that is too slow loses the oldest
 * lines, and learns how many.  Thread safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/log.h"

struct event_feed;

struct event_feed *event_feed_create(void);

/* There are no readers any more, and no thread logs.  NULL is fine. */
void event_feed_destroy(struct event_feed *feed);

/* Where a reader is. */
struct event_cursor {
    uint64_t at, number; /* of the next line: its place, and how many there were before it */
};

/* One reader more, which sees the lines from now on.  False: there are LIMIT_EVENT_READERS, or
 * there is no memory. */
bool event_feed_open(struct event_feed *feed, struct event_cursor *cursor) MUST_USE;

/* One reader less. */
void event_feed_close(struct event_feed *feed);

struct event_line {
    enum log_level level;
    enum log_part part;
    size_t len;
    char json[LIMIT_LOG_LINE_BYTES]; /* without a NUL */
};

/* The next line.  False: there is none yet.  *lost: so many lines before it are gone. */
bool event_feed_next(struct event_feed *feed, struct event_cursor *cursor, struct event_line *line,
                     uint64_t *lost);
