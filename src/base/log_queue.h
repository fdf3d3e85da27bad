/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines on their way to a descriptor whose reader may be slow, or gone: a bounded queue and a
 * thread of its own that writes.  Putting a line in never waits for the descriptor; a line for
 * which there is no room is dropped and counted, and a note about that follows those that had
 * room.  Thread safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct log_queue;

struct log_queue_config {
    int fd;
    size_t bytes_max;
    uint32_t lines_max;
    /* Write a line about `dropped` lines to `text`; its length, at most `size`. */
    size_t (*note)(char *text, size_t size, uint64_t dropped);
};

/* NULL and errno when there is no thread to have. */
struct log_queue *log_queue_create(const struct log_queue_config *config) MUST_USE;

/* Queue one whole line; false: it was dropped. */
bool log_queue_put(struct log_queue *queue, const char *line, size_t len);

/* Lines dropped so far. */
uint64_t log_queue_dropped(struct log_queue *queue);

/* Wait, for `timeout_ms` at the most, until all that was queued is written; false: it is not.
 * Waits for no lock, so a failed CHECK can use it. */
bool log_queue_flush(struct log_queue *queue, int timeout_ms);

/* Write what is queued, for `timeout_ms` at the most, and end the thread.  No more lines are put
 * in.  False: the descriptor is not read; the thread and the queue stay. */
bool log_queue_destroy(struct log_queue *queue, int timeout_ms);
