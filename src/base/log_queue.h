/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines for a descriptor whose reader may be slow or gone: a bounded queue, and a thread that
 * writes it.  Queuing a line never blocks.  A line that does not fit is dropped and counted, and a
 * note about it follows the queued lines.  Thread safe.
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
    /* Write a line about `dropped` lines to `text`.  Returns its length, at most `size`. */
    size_t (*note)(char *text, size_t size, uint64_t dropped);
};

/* NULL and errno when no thread can be started. */
struct log_queue *log_queue_create(const struct log_queue_config *config) MUST_USE;

/* Queue one complete line.  False: it was dropped. */
bool log_queue_put(struct log_queue *queue, const char *line, size_t len);

/* How many lines have been dropped. */
uint64_t log_queue_dropped(struct log_queue *queue);

/* How many lines wait to be written. */
uint32_t log_queue_waiting(struct log_queue *queue);

/* Wait up to `timeout_ms` until everything queued is written.  False on timeout.  Takes no lock
 * that it could wait for, so a failed CHECK can use it. */
bool log_queue_flush(struct log_queue *queue, int timeout_ms);

/* Write what is queued, for up to `timeout_ms`, and end the thread.  No more lines may be queued.
 * False: the descriptor is not read; thread and queue remain. */
bool log_queue_destroy(struct log_queue *queue, int timeout_ms);
