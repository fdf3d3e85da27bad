/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of data that is replaced while they read.  Whoever replaces it learns when nobody can
 * have the old data any more, and frees it then.
 *
 * A reader adds to a counter of its own thread when it enters and when it leaves, possibly as
 * another thread; it takes no lock and no locked instruction.  It may stay for long.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct readers;

/* Never fails: without membarrier(2) readers_gone() is never true. */
struct readers *readers_create(void);

/* NULL is allowed. */
void readers_destroy(struct readers *readers);

/* Any thread.  What is read after this stays until readers_leave(), which gets the result. */
unsigned readers_enter(struct readers *readers);
void readers_leave(struct readers *readers, unsigned phase);

/* One thread at a time calls these.  First make the old data unfindable, then take a mark: once
 * readers_gone() is true for it, no reader has the old data. */
uint64_t readers_mark(struct readers *readers);
bool readers_gone(struct readers *readers, uint64_t mark);
