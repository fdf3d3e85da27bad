/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/metrics/metric_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/utf8.h"

enum {
    NUMBER_BYTES = 40
};

bool metric_text_accepts(const char *accept)
{
    return accept && strstr(accept, "application/openmetrics-text") != NULL;
}

/* A counter is called without "_total" where OpenMetrics names it as a whole. */
static const char *family_suffix(const struct metric_text *text)
{
    return text->metric->type == METRIC_COUNTER && !text->open_metrics ? "_total" : "";
}

void metric_text_begin(struct metric_text *text, enum metric_id id)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    const struct metric *metric = &metric_table[id];

    DCHECK(!text->shown[id]);
    text->shown[id] = true;
    text->metric = metric;
    http_text_print(text->out, "# HELP mainstay_%s%s %s\n# TYPE mainstay_%s%s %s\n", metric->name,
                    family_suffix(text), metric->help, metric->name, family_suffix(text),
                    types[metric->type]);
}

/* Backslash, quote and newline are escaped in both formats, which are UTF-8: of a path that is not,
 * bytes are shown as \xNN. */
static void value_print(struct metric_text *text, const char *value)
{
    bool is_utf8 = utf8_valid((const uint8_t *)value, strlen(value));

    for (; *value; value++) {
        const char *escaped = *value == '\n' ? "\\n" : *value == '"' ? "\\\"" : "\\\\";

        if (strchr("\n\"\\", *value))
            http_text_add(text->out, escaped, 2);
        else if (!is_utf8 && *value & 0x80)
            http_text_print(text->out, "\\\\x%02x", (unsigned)(uint8_t)*value);
        else
            http_text_add(text->out, value, 1);
    }
}

/* The metric's labels with these values, and one more of a histogram's bucket, if there is one. */
static void labels_print(struct metric_text *text, const char *const *values, const char *bound)
{
    const char *name = text->metric->labels ? text->metric->labels : "";
    const char *between = "{";

    while (*name) {
        size_t len = strcspn(name, ",");

        http_text_print(text->out, "%s%.*s=\"", between, (int)len, name);
        value_print(text, *values++);
        http_text_print(text->out, "\"");
        between = ",";
        name += len;
        name += strspn(name, ", ");
    }
    if (bound)
        http_text_print(text->out, "%sle=\"%s\"", between, bound);
    if (bound || text->metric->labels)
        http_text_print(text->out, "}");
}

static void series_print(struct metric_text *text, const char *const *values, const char *number)
{
    http_text_print(text->out, "mainstay_%s%s", text->metric->name,
                    text->metric->type == METRIC_COUNTER ? "_total" : "");
    labels_print(text, values, NULL);
    http_text_print(text->out, " %s\n", number);
}

void metric_text_series(struct metric_text *text, const char *const *values, uint64_t count)
{
    char number[NUMBER_BYTES];

    (void)snprintf(number, sizeof(number), "%" PRIu64, count);
    series_print(text, values, number);
}

void metric_text_count(struct metric_text *text, const char *value, uint64_t count)
{
    metric_text_series(text, &value, count);
}

void metric_text_number(struct metric_text *text, const char *value, double number)
{
    char digits[NUMBER_BYTES];

    (void)snprintf(digits, sizeof(digits), "%.6f", number);
    series_print(text, &value, digits);
}

void metric_text_one(struct metric_text *text, enum metric_id id, uint64_t count)
{
    metric_text_begin(text, id);
    metric_text_count(text, NULL, count);
}

static void bucket_print(struct metric_text *text, const char *const *values, const char *bound,
                         uint64_t count)
{
    http_text_print(text->out, "mainstay_%s_bucket", text->metric->name);
    labels_print(text, values, bound);
    http_text_print(text->out, " %" PRIu64 "\n", count);
}

void metric_text_histogram(struct metric_text *text, const char *const *values,
                           const struct metric_histogram *histogram)
{
    uint64_t count = 0;
    char bound[NUMBER_BYTES];

    for (size_t i = 0; i < histogram->bound_count; i++) {
        count += histogram->counts[i];
        (void)snprintf(bound, sizeof(bound), "%g", (double)histogram->bounds_us[i] / 1e6);
        bucket_print(text, values, bound, count);
    }
    count += histogram->counts[histogram->bound_count];
    bucket_print(text, values, "+Inf", count);
    http_text_print(text->out, "mainstay_%s_sum", text->metric->name);
    labels_print(text, values, NULL);
    http_text_print(text->out, " %.6f\nmainstay_%s_count", histogram->sum_s, text->metric->name);
    labels_print(text, values, NULL);
    http_text_print(text->out, " %" PRIu64 "\n", count);
}

void metric_text_end(struct metric_text *text)
{
    for (unsigned id = 0; id < METRIC_COUNT; id++)
        DCHECK(text->shown[id]);
    if (text->open_metrics)
        http_text_print(text->out, "# EOF\n");
}
