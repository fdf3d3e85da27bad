/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/metrics/metric_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/* Backslash, quote and newline are escaped in both formats. */
static void label_print(struct metric_text *text, const char *value)
{
    http_text_print(text->out, "{%s=\"", text->metric->label);
    for (; *value; value++) {
        const char *escaped = *value == '\n' ? "\\n" : *value == '"' ? "\\\"" : "\\\\";

        if (strchr("\n\"\\", *value))
            http_text_add(text->out, escaped, 2);
        else
            http_text_add(text->out, value, 1);
    }
    http_text_print(text->out, "\"}");
}

static void series_print(struct metric_text *text, const char *value, const char *number)
{
    http_text_print(text->out, "mainstay_%s%s", text->metric->name,
                    text->metric->type == METRIC_COUNTER ? "_total" : "");
    if (text->metric->label)
        label_print(text, value);
    http_text_print(text->out, " %s\n", number);
}

void metric_text_count(struct metric_text *text, const char *value, uint64_t count)
{
    char number[NUMBER_BYTES];

    (void)snprintf(number, sizeof(number), "%" PRIu64, count);
    series_print(text, value, number);
}

void metric_text_number(struct metric_text *text, const char *value, double number)
{
    char digits[NUMBER_BYTES];

    (void)snprintf(digits, sizeof(digits), "%.6f", number);
    series_print(text, value, digits);
}

void metric_text_one(struct metric_text *text, enum metric_id id, uint64_t count)
{
    metric_text_begin(text, id);
    metric_text_count(text, NULL, count);
}

void metric_text_bucket(struct metric_text *text, const char *bound, uint64_t count)
{
    http_text_print(text->out, "mainstay_%s_bucket{le=\"%s\"} %" PRIu64 "\n", text->metric->name,
                    bound, count);
}

void metric_text_sum(struct metric_text *text, double sum, uint64_t count)
{
    http_text_print(text->out, "mainstay_%s_sum %.6f\nmainstay_%s_count %" PRIu64 "\n",
                    text->metric->name, sum, text->metric->name, count);
}

void metric_text_end(struct metric_text *text)
{
    for (unsigned id = 0; id < METRIC_COUNT; id++)
        DCHECK(text->shown[id]);
    if (text->open_metrics)
        http_text_print(text->out, "# EOF\n");
}
