/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/callback_counters.h"

#include <stdlib.h>

#include "base/check.h"

/* Positions of the counters in their set. */
enum {
    AT_ALL = 0,
    AT_OPS = AT_ALL + CALLBACK_COUNTER_COUNT,
    AT_BUCKETS = AT_OPS + CALLBACK_OP_COUNT * CALLBACK_COUNTER_COUNT,
    AT_DURATION = AT_BUCKETS + CALLBACK_BUCKET_COUNT,
    AT_TAKEN,
    AT_ENDED,
    AT_END
};

static const uint64_t bucket_us[] = {
#define X(name, us) [CALLBACK_BUCKET_##name] = (us),
    CALLBACK_BUCKETS(X)
#undef X
};

static const char *const op_names[] = {
#define X(NAME, member, arguments) [CALLBACK_OP_##NAME] = #NAME,
    CB_OPS(X)
#undef X
};

const char *callback_op_name(enum callback_op op)
{
    return op_names[op];
}

struct callback_counters *callback_counters_create(void)
{
    struct callback_counters *counters = must_calloc(1, sizeof(*counters));

    counters->set = counter_set_create(AT_END);
    return counters;
}

void callback_counters_destroy(struct callback_counters *counters)
{
    if (!counters)
        return;
    counter_set_destroy(counters->set);
    free(counters);
}

/* CALLBACK_OP_COUNT: the operation is not in the table. */
static unsigned row_of(uint32_t op)
{
    switch (op) {
#define X(NAME, member, arguments)                                                                 \
    case OP_##NAME:                                                                                \
        return CALLBACK_OP_##NAME;
        CB_OPS(X)
#undef X
    default:
        return CALLBACK_OP_COUNT;
    }
}

static void count(struct callback_counters *counters, uint32_t op, enum callback_counter counter)
{
    unsigned row = row_of(op);

    counter_add(counters->set, AT_ALL + counter, 1);
    if (row < CALLBACK_OP_COUNT)
        counter_add(counters->set, AT_OPS + row * CALLBACK_COUNTER_COUNT + counter, 1);
}

void callback_counters_taken(struct callback_counters *counters)
{
    if (counters)
        counter_add(counters->set, AT_TAKEN, 1);
}

void callback_counters_ended(struct callback_counters *counters)
{
    if (counters)
        counter_add(counters->set, AT_ENDED, 1);
}

void callback_counters_attempt(struct callback_counters *counters, uint32_t op, bool again)
{
    if (!counters)
        return;
    count(counters, op, CALLBACK_COUNTER_total);
    if (again)
        count(counters, op, CALLBACK_COUNTER_retries);
}

void callback_counters_failure(struct callback_counters *counters, uint32_t op)
{
    if (counters)
        count(counters, op, CALLBACK_COUNTER_failures);
}

void callback_counters_answer(struct callback_counters *counters, int64_t duration_ns)
{
    uint64_t us = duration_ns > 0 ? (uint64_t)duration_ns / 1000 : 0;
    unsigned bucket = 0;

    if (!counters)
        return;
    while (bucket < CALLBACK_BUCKET_MORE && us > bucket_us[bucket])
        bucket++;
    counter_add(counters->set, AT_BUCKETS + bucket, 1);
    counter_add(counters->set, AT_DURATION, us);
}

void callback_counters_read(const struct callback_counters *counters, struct callback_stats *stats)
{
    const struct counter_set *set = counters->set;
    uint64_t ended = counter_read(set, AT_ENDED); /* first: each of them was taken before */

    stats->in_flight = counter_read(set, AT_TAKEN) - ended;
    for (unsigned i = 0; i < CALLBACK_COUNTER_COUNT; i++) {
        stats->all[i] = counter_read(set, AT_ALL + i);
        for (unsigned op = 0; op < CALLBACK_OP_COUNT; op++)
            stats->of[op][i] = counter_read(set, AT_OPS + op * CALLBACK_COUNTER_COUNT + i);
    }
    stats->answers = 0;
    for (unsigned i = 0; i < CALLBACK_BUCKET_COUNT; i++) {
        stats->buckets[i] = counter_read(set, AT_BUCKETS + i);
        stats->answers += stats->buckets[i];
    }
    stats->duration_us = counter_read(set, AT_DURATION);
}
