/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics as text, a row of the table at a time: metric_text_begin(), then its series.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "admin/http/http_text.h"
#include "admin/metrics/metric.h"

struct metric_text {
    struct http_text *out;
    bool open_metrics;
    const struct metric *metric; /* at hand */
    bool shown[METRIC_COUNT];    /* each once, and at the end all */
};

/* Is OpenMetrics what an Accept field asks for?  NULL: there is none. */
bool metric_text_accepts(const char *accept);

/* HELP and TYPE of a metric. */
void metric_text_begin(struct metric_text *text, enum metric_id id);

/* A series.  `value` is that of its label, if it has one; it is escaped. */
void metric_text_count(struct metric_text *text, const char *value, uint64_t count);
void metric_text_number(struct metric_text *text, const char *value, double number);

/* A metric with one series and no label. */
void metric_text_one(struct metric_text *text, enum metric_id id, uint64_t count);

/* A bucket of a histogram, cumulative, by its upper bound; and what stands behind the last. */
void metric_text_bucket(struct metric_text *text, const char *bound, uint64_t count);
void metric_text_sum(struct metric_text *text, double sum, uint64_t count);

/* Behind the last metric. */
void metric_text_end(struct metric_text *text);
