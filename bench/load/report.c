/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

static const struct {
    const char *name;
    double fraction;
} percentiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};

static double percentile_us(const struct bench_result *r, double fraction)
{
    return (double)histogram_percentile_ns(&r->latency, fraction) / 1e3;
}

static double per_op(double total, const struct bench_result *r)
{
    return r->done ? total / (double)r->done : 0;
}

static void print_object(json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(object);
}

static void bench_json(const struct bench_options *o, const struct bench_result *r)
{
    json_t *object = json_object(), *latency = json_object();

    json_object_set_new(object, "op", json_string(o->op));
    if (o->size)
        json_object_set_new(object, "size", json_integer(o->size));
    json_object_set_new(object, "floor", json_boolean(o->floor));
    json_object_set_new(object, "conns", json_integer(o->conns));
    json_object_set_new(object, "slots", json_integer(r->slots));
    json_object_set_new(object, "time_s", json_real(r->time_s));
    json_object_set_new(object, "operations", json_integer((json_int_t)r->done));
    json_object_set_new(object, "errors", json_integer((json_int_t)r->errors));
    if (r->errors)
        json_object_set_new(object, "first_error", json_string(status_name(r->first_error)));
    json_object_set_new(object, "ops_per_s", json_real((double)r->done / r->time_s));
    if (o->size)
        json_object_set_new(object, "mib_per_s",
                            json_real((double)r->done * o->size / r->time_s / (1 << 20)));
    for (size_t i = 0; i < ARRAY_SIZE(percentiles); i++)
        json_object_set_new(latency, percentiles[i].name,
                            json_real(percentile_us(r, percentiles[i].fraction)));
    json_object_set_new(latency, "max", json_real((double)r->latency.max_ns / 1e3));
    json_object_set_new(object, "latency_us", latency);
    json_object_set_new(object, "client_cpu_us_per_op", json_real(per_op(r->client_cpu_us, r)));
    if (r->has_cpu) {
        json_object_set_new(object, "server_cpu_us_per_op", json_real(per_op(r->server_cpu_us, r)));
        json_object_set_new(object, "server_user_fraction", json_real(r->server_user_fraction));
        json_object_set_new(object, "server_resident_bytes",
                            json_integer((json_int_t)r->server_resident_bytes));
        json_object_set_new(object, "server_threads", json_integer(r->server_threads));
    }
    print_object(object);
}

static void bench_text(const struct bench_options *o, const struct bench_result *r)
{
    printf("%s", o->op);
    if (o->size)
        printf(":%u", o->size);
    printf("%s: %u x %u in flight, %.2f s: %.0f operations/s", o->floor ? " (floor)" : "", o->conns,
           r->slots, r->time_s, (double)r->done / r->time_s);
    if (o->size)
        printf(", %.0f MiB/s", (double)r->done * o->size / r->time_s / (1 << 20));
    printf("\n  latency us:");
    for (size_t i = 0; i < ARRAY_SIZE(percentiles); i++)
        printf(" %s %.1f", percentiles[i].name, percentile_us(r, percentiles[i].fraction));
    printf(" max %.1f\n  CPU us per operation: client %.2f", (double)r->latency.max_ns / 1e3,
           per_op(r->client_cpu_us, r));
    if (r->has_cpu)
        printf(", server %.2f (%.0f%% user), %" PRIu64 " KiB resident, %u threads",
               per_op(r->server_cpu_us, r), r->server_user_fraction * 100,
               r->server_resident_bytes / 1024, r->server_threads);
    putchar('\n');
    if (r->errors)
        printf("  %" PRIu64 " errors, the first %s\n", r->errors, status_name(r->first_error));
}

void report_bench(const struct bench_options *options, const struct bench_result *result)
{
    if (options->json)
        bench_json(options, result);
    else
        bench_text(options, result);
}

void report_idle(const struct bench_options *options, const struct idle_result *r)
{
    double growth = (double)r->resident_after - (double)r->resident_before;
    double each = r->conns ? growth / r->conns : 0;
    json_t *object;

    if (!options->json) {
        printf("%u idle connections with a session each, opened in %.1f s; %" PRIu64 " slots\n",
               r->conns, r->open_s, r->slots);
        if (options->kept)
            printf("  each slot holds the reply of a READ of %u bytes\n", options->kept);
        if (options->pid)
            printf("  server: %.0f bytes resident each (%" PRIu64 " -> %" PRIu64
                   " KiB), %u -> %u threads\n",
                   each, r->resident_before / 1024, r->resident_after / 1024, r->threads_before,
                   r->threads_after);
        return;
    }
    object = json_object();
    json_object_set_new(object, "idle", json_integer(r->conns));
    json_object_set_new(object, "slots", json_integer((json_int_t)r->slots));
    json_object_set_new(object, "kept", json_integer(options->kept));
    json_object_set_new(object, "open_s", json_real(r->open_s));
    if (options->pid) {
        json_object_set_new(object, "bytes_per_connection", json_real(each));
        json_object_set_new(object, "resident_before",
                            json_integer((json_int_t)r->resident_before));
        json_object_set_new(object, "resident_after", json_integer((json_int_t)r->resident_after));
        json_object_set_new(object, "threads_before", json_integer(r->threads_before));
        json_object_set_new(object, "threads_after", json_integer(r->threads_after));
    }
    print_object(object);
}

static double recall_us(const struct histogram *h, double fraction)
{
    return (double)histogram_percentile_ns(h, fraction) / 1e3;
}

static double recall_cpu_us(const struct recall_kind *kind)
{
    return kind->done ? (double)kind->server_cpu_ns / (double)kind->done / 1e3 : 0;
}

static json_t *recall_json(const struct histogram *h)
{
    json_t *object = json_object();

    for (size_t i = 0; i < ARRAY_SIZE(percentiles); i++)
        json_object_set_new(object, percentiles[i].name,
                            json_real(recall_us(h, percentiles[i].fraction)));
    return object;
}

void report_recall(const struct bench_options *options, const struct recall_result *r)
{
    const struct {
        const char *name;
        const struct recall_kind *kind;
    } rows[] = {{"getattr", &r->getattr}, {"open", &r->open}, {"recall", &r->recall}};
    json_t *object = json_object(), *row;

    json_object_set_new(object, "recalls", json_integer(options->recalls));
    json_object_set_new(object, "rounds", json_integer((json_int_t)r->rounds));
    json_object_set_new(object, "delayed", json_integer((json_int_t)r->delayed));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        row = recall_json(&rows[i].kind->latency);
        if (options->pid)
            json_object_set_new(row, "server_cpu_us", json_real(recall_cpu_us(rows[i].kind)));
        json_object_set_new(object, rows[i].name, row);
    }
    json_object_set_new(object, "holder", recall_json(&r->holder));
    if (options->json) {
        print_object(object);
        return;
    }
    json_decref(object);
    printf("%u recalls at a time, %" PRIu64 " rounds, %" PRIu64 " times NFS4ERR_DELAY\n",
           options->recalls, r->rounds, r->delayed);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        printf("  %-8s us: p50 %.1f p99 %.1f, server CPU %.2f\n", rows[i].name,
               recall_us(&rows[i].kind->latency, 0.5), recall_us(&rows[i].kind->latency, 0.99),
               recall_cpu_us(rows[i].kind));
}
