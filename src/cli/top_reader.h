/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the server again and again, on a thread of its own, so that keys are answered while the
 * server is not.
 */
#pragma once

#include "cli/admin_client.h"
#include "cli/top_sample.h"

struct top_reader;

/* Asks at once, and then every `interval_s` seconds.  The client is the reader's until it is
 * destroyed.  NULL: there is no thread, errno says why. */
struct top_reader *top_reader_create(struct admin_client *client, const struct top_place *place,
                                     double interval_s) MUST_USE;

/* Ends a request that waits, within a second or so. */
void top_reader_destroy(struct top_reader *reader);

/* From now on at this place, asked at once, and at this interval. */
void top_reader_aim(struct top_reader *reader, const struct top_place *place);
void top_reader_pace(struct top_reader *reader, double interval_s);

/* Becomes readable with a new sample. */
int top_reader_fd(const struct top_reader *reader);

/* The newest sample, once; top_sample_free() it.  NULL: there is none. */
struct top_sample *top_reader_take(struct top_reader *reader);
