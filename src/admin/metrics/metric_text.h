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

/* A series with several labels, a value for each. */
void metric_text_series(struct metric_text *text, const char *const *values, uint64_t count);

/* A metric with one series and no label. */
void metric_text_one(struct metric_text *text, enum metric_id id, uint64_t count);

/* What has been measured: counts by their upper bounds in microseconds, not cumulative, and one
 * more for those above all. */
struct metric_histogram {
    const uint64_t *bounds_us;
    const uint64_t *counts; /* bound_count + 1 */
    size_t bound_count;
    double sum_s;
};

/* The series of a histogram; `values` are those of its labels, NULL if it has none. */
void metric_text_histogram(struct metric_text *text, const char *const *values,
                           const struct metric_histogram *histogram);

/* Behind the last metric. */
void metric_text_end(struct metric_text *text);
