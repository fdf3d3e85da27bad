/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/metrics/metric_op.h"

#include "admin/metrics/metric_text.h"
#include "base/clock.h"
#include "proto/op_counters.h"
#include "wire/status_name.h"

static const char *const minors[] = {"0", "1", "2"};

_Static_assert(ARRAY_SIZE(minors) == MINOR_BUILT_LAST + 1, "each minor version has a name");

static void executed_show(struct metric_text *text, const struct op_counters *counters)
{
    metric_text_begin(text, METRIC_OPS);
    for (unsigned row = 0; row < OP_ROWS; row++) {
        uint64_t count = op_counters_read(counters, row);

        if (count > 0)
            metric_text_series(
                text, (const char *const[]){minors[op_row_minor(row)], op_row_name(row)}, count);
    }
}

static void errors_show(struct metric_text *text, const struct op_counters *counters)
{
    uint64_t others = op_counters_other_errors(counters);
    struct op_error error;
    uint32_t at = 0;

    metric_text_begin(text, METRIC_OP_ERRORS);
    while (op_counters_next_error(counters, &at, &error))
        metric_text_series(text,
                           (const char *const[]){minors[op_row_minor(error.row)],
                                                 op_row_name(error.row), status_name(error.status)},
                           error.count);
    if (others > 0)
        metric_text_series(text, (const char *const[]){"other", "other", "other"}, others);
}

static void times_show(struct metric_text *text, const struct op_counters *counters, unsigned row,
                       const char *const *labels)
{
    static const uint64_t bounds_us[] = {
#define X(name, us) [OP_BUCKET_##name] = (us),
        OP_BUCKETS(X)
#undef X
    };
    struct op_times times;

    op_counters_read_times(counters, row, &times);
    metric_text_histogram(text, labels,
                          &(struct metric_histogram){.bounds_us = bounds_us,
                                                     .counts = times.buckets,
                                                     .bound_count = ARRAY_SIZE(bounds_us),
                                                     .sum_s = (double)times.sum_ns / NSEC_PER_SEC});
}

static void durations_show(struct metric_text *text, const struct op_counters *counters)
{
    metric_text_begin(text, METRIC_OP_DURATION);
    for (unsigned row = 0; row < OP_ROWS; row++) {
        if (op_counters_read(counters, row) > 0)
            times_show(text, counters, row,
                       (const char *const[]){minors[op_row_minor(row)], op_row_name(row)});
    }
    metric_text_begin(text, METRIC_STABLE_WAIT);
    times_show(text, counters, OP_ROW_STABLE, NULL);
}

void metric_op_show(struct metric_text *text, const struct op_counters *counters)
{
    executed_show(text, counters);
    errors_show(text, counters);
    durations_show(text, counters);
}
