/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_summary.h"

#include <math.h>

#include "cli/top_rate.h"

void top_histogram_add(struct top_histogram *histogram, const json_t *before, const json_t *last)
{
    const json_t *bounds = json_object_get(json_object_get(last, "durations"), "le_s");
    const json_t *counts = json_object_get(json_object_get(last, "durations"), "counts");
    const json_t *old = json_object_get(json_object_get(before, "durations"), "counts");
    size_t bound_count = json_array_size(bounds);

    if (bound_count > TOP_BUCKETS_MAX || json_array_size(counts) != bound_count + 1)
        return;
    histogram->bound_count = bound_count;
    for (size_t i = 0; i <= bound_count; i++) {
        double more = json_number_value(json_array_get(counts, i)) -
                      json_number_value(json_array_get(old, i));

        if (i < bound_count)
            histogram->bounds[i] = json_number_value(json_array_get(bounds, i));
        histogram->counts[i] += more > 0 ? more : 0;
    }
}

double top_histogram_quantile(const struct top_histogram *histogram, double q)
{
    return top_quantile(histogram->bounds, histogram->counts, histogram->bound_count, q);
}

const json_t *top_operation(const struct top_sample *sample, const json_t *like)
{
    const json_t *operation;
    size_t i;

    if (!sample)
        return NULL;
    json_array_foreach(json_object_get(sample->activity, "operations"), i, operation)
    {
        if (json_equal(json_object_get(operation, "name"), json_object_get(like, "name")) &&
            json_equal(json_object_get(operation, "minor"), json_object_get(like, "minor")))
            return operation;
    }
    return NULL;
}

/* Of all operations together. */
static void operations_add(struct top_summary *summary, const struct top_sample *before,
                           const struct top_sample *last)
{
    struct top_histogram all = {.bound_count = 0};
    double count = 0, errors = 0;
    const json_t *operation;
    size_t i;

    json_array_foreach(json_object_get(last->activity, "operations"), i, operation)
    {
        const json_t *old = top_operation(before, operation);

        top_histogram_add(&all, old, operation);
        count += top_number(operation, "count") - top_number(old, "count");
        errors += top_number(operation, "errors") - top_number(old, "errors");
    }
    summary->operations = top_rate(0, count, summary->interval_s);
    summary->errors = top_rate(0, errors, summary->interval_s);
    summary->p50_s = top_histogram_quantile(&all, 0.5);
    summary->p99_s = top_histogram_quantile(&all, 0.99);
}

static double rate(const struct top_summary *summary, const struct top_sample *before,
                   const struct top_sample *last, const char *path)
{
    return top_rate(top_number(before->activity, path), top_number(last->activity, path),
                    summary->interval_s);
}

struct top_summary top_summary_make(const struct top_sample *before, const struct top_sample *last)
{
    struct top_summary summary = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};

    if (!before)
        return summary;
    summary.interval_s =
        top_number(last->activity, "monotonic_s") - top_number(before->activity, "monotonic_s");
    summary.requests = rate(&summary, before, last, "requests.count");
    summary.read = rate(&summary, before, last, "bytes.read");
    summary.written = rate(&summary, before, last, "bytes.written");
    summary.cpu = rate(&summary, before, last, "threads.cpu_s");
    operations_add(&summary, before, last);
    return summary;
}
