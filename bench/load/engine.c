/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/load/floor.h"
#include "bench/load/process.h"

#define DRAIN_NS (20 * NSEC_PER_SEC)
#define EVENTS 64

struct engine {
    const struct bench_options *options;
    struct lane *lanes;
    uint32_t lane_count; /* opened so far */
    struct histogram *latency;
    struct floor_server floor;
    pid_t pid; /* the process whose CPU time is measured; 0: none */
    int epoll;
};

/* Resources used and operations done up to some moment. */
struct sample {
    int64_t at_ns, server_ns;
    uint64_t user_us, system_us, done, errors;
    double client_us;
};

static bool watch(struct engine *e, struct lane *lane, int op, bool blocked)
{
    struct epoll_event event = {.events = EPOLLIN | (blocked ? EPOLLOUT : 0), .data.ptr = lane};

    return epoll_ctl(e->epoll, op, lane->fd, &event) == 0;
}

/* Handle everything that is ready; return without doing anything after `wait_ms`. */
static bool step(struct engine *e, int wait_ms)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(e->epoll, events, EVENTS, wait_ms);
    int64_t now_ns = clock_now_ns();

    for (int i = 0; i < n; i++) {
        struct lane *lane = events[i].data.ptr;
        bool blocked = false;

        if ((events[i].events & ~(uint32_t)EPOLLOUT) && !lane_readable(lane, now_ns))
            return false;
        if (!lane_flush(lane, &blocked))
            return false;
        if (blocked || (events[i].events & EPOLLOUT))
            if (!watch(e, lane, EPOLL_CTL_MOD, blocked))
                return false;
    }
    return true;
}

/* Requests in flight. */
static uint32_t busy(const struct engine *e)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < e->lane_count; i++)
        count += e->lanes[i].busy;
    return count;
}

/* Returns earlier if nothing is left to do. */
static bool run_until(struct engine *e, int64_t end_ns)
{
    for (;;) {
        int64_t left_ns = end_ns - clock_now_ns();

        if (left_ns <= 0 || busy(e) == 0)
            return true;
        if (!step(e, (int)(left_ns / NSEC_PER_MSEC) + 1))
            return false;
    }
}

static bool drain(struct engine *e)
{
    int64_t end_ns = clock_now_ns() + DRAIN_NS;

    for (uint32_t i = 0; i < e->lane_count; i++)
        e->lanes[i].stopping = true;
    while (busy(e) > 0 && clock_now_ns() < end_ns)
        if (!step(e, 100))
            return false;
    return busy(e) == 0;
}

static struct sample sample_take(const struct engine *e)
{
    struct sample s = {.at_ns = clock_now_ns()};
    struct rusage usage;

    if (e->pid) {
        if (!process_cpu_ns(e->pid, &s.server_ns))
            s.server_ns = -1;
        process_cpu_split_us(e->pid, &s.user_us, &s.system_us);
    }
    getrusage(RUSAGE_SELF, &usage);
    s.client_us = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
                  (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    for (uint32_t i = 0; i < e->lane_count; i++) {
        s.done += e->lanes[i].done;
        s.errors += e->lanes[i].errors;
    }
    return s;
}

static void result_fill(struct engine *e, const struct sample *a, const struct sample *b,
                        struct bench_result *r)
{
    uint64_t ticks_us = b->user_us - a->user_us + b->system_us - a->system_us;

    r->slots = e->lanes[0].slot_count;
    r->time_s = (double)(b->at_ns - a->at_ns) / 1e9;
    r->done = b->done - a->done;
    r->errors = b->errors - a->errors;
    for (uint32_t i = 0; i < e->lane_count; i++)
        if (e->lanes[i].errors)
            r->first_error = e->lanes[i].first_error;
    r->client_cpu_us = b->client_us - a->client_us;
    r->has_cpu = e->pid != 0 && a->server_ns >= 0 && b->server_ns >= 0;
    r->server_cpu_us = (double)(b->server_ns - a->server_ns) / 1e3;
    r->server_user_fraction = ticks_us ? (double)(b->user_us - a->user_us) / (double)ticks_us : 0;
    if (r->has_cpu)
        process_memory(e->pid, &r->server_resident_bytes, &r->server_threads);
}

/* Warm up, discard the results so far, measure, and let the requests in flight finish. */
static bool measure(struct engine *e, struct bench_result *result)
{
    const struct bench_options *o = e->options;
    struct sample before, after;

    for (uint32_t i = 0; i < e->lane_count; i++)
        if (!watch(e, &e->lanes[i], EPOLL_CTL_ADD, false) ||
            !lane_start(&e->lanes[i], clock_now_ns()))
            return false;
    if (!run_until(e, clock_now_ns() + (int64_t)(o->warmup_s * 1e9)))
        return false;
    memset(e->latency, 0, sizeof(*e->latency));
    before = sample_take(e);
    if (!run_until(e, before.at_ns + (int64_t)(o->time_s * 1e9)))
        return false;
    after = sample_take(e);
    result_fill(e, &before, &after, result);
    result->latency = *e->latency;
    return drain(e);
}

static bool open_all(struct engine *e, const struct bench_op *op)
{
    const struct bench_options *o = e->options;

    e->lanes = must_calloc(o->conns, sizeof(*e->lanes));
    for (uint32_t i = 0; i < o->conns; i++) {
        e->lane_count++;
        if (!lane_open(&e->lanes[i], o, op, o->first_lane + i, e->latency))
            return false;
    }
    if (!o->floor)
        return true;
    e->floor.places = o->floor_file ? bench_place_count(o) : 0;
    e->floor.cpu = o->floor_cpu;
    if (!lane_sample(&e->lanes[0], e->floor.canned) || !floor_start(&e->floor))
        return false;
    e->pid = e->floor.pid;
    for (uint32_t i = 0; i < o->conns; i++)
        if ((e->lanes[i].fd = floor_connect(&e->floor)) < 0)
            return false;
    return true;
}

bool engine_run(const struct bench_options *options, struct bench_result *result)
{
    struct engine e = {
        .options = options,
        .pid = options->pid,
        .latency = must_calloc(1, sizeof(*e.latency)),
        .epoll = epoll_create1(EPOLL_CLOEXEC),
    };
    bool ok;

    memset(result, 0, sizeof(*result));
    if (e.pid && !process_cpu_ns(e.pid, &(int64_t){0}))
        (void)fprintf(stderr, "mainstay-bench: there is no process %ld\n", (long)e.pid);
    ok = e.epoll >= 0 && open_all(&e, bench_op_find(options->op));
    if (ok && !(ok = measure(&e, result)))
        (void)fprintf(stderr,
                      "mainstay-bench: the connection was lost, or the server does not answer\n");
    for (uint32_t i = 0; i < e.lane_count; i++) {
        if (options->floor && e.lanes[i].fd > 0 && e.lanes[i].fd != e.lanes[i].mount.conn.fd)
            close(e.lanes[i].fd);
        lane_close(&e.lanes[i]);
    }
    floor_stop(&e.floor);
    if (e.epoll >= 0)
        close(e.epoll);
    free(e.lanes);
    free(e.latency);
    return ok;
}
