/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cause moves is known when the server is otherwise at rest.  On a busy machine it may seem
 * to be at rest, and then finish something that was begun before.  Therefore a cause with which
 * other series move is brought about again: what moves every time moves with the cause.
 */
#include "cause.h"

#include <stdio.h>
#include <string.h>

#include "lib/wait.h"
#include "protocol/scrape.h"
#include "protocol/script.h"

enum {
    LOOK_MS = 10,
    STILL_LOOKS = 2, /* without a change, before a cause begins */
    TRIES = 4,
    PASSING_MS = 3000,
    SERIES_BYTES = 256
};

/* Moves with time, with the scrape, or with whatever is done. */
static const char *const restless[] = {
    "process_cpu_seconds",
    "process_resident_memory_bytes",
    "process_open_fds",
    "delegation_recall_oldest_seconds",
    "event_loop_lag_seconds",
    "transport_waits",
    "transport_spins",
    "transport_spins_vain",
    "memory_bytes",
    "queue_length{queue=\"log_lines\"}",
    "queue_length{queue=\"turns\"}",
};

/* Moves with any request. */
static const char *const of_requests[] = {
    "operations",        "operation_duration_seconds",  "sequence",
    "transport_calls",   "transport_replies",           "transport_bytes_in",
    "reply_cache_bytes", "transport_bytes_out",         "transport_turns",
    "transport_yields",  "transport_retakes",           "transport_handoffs",
    "threads",           "memory_bytes{kind=\"data\"}",
};

/* Gauges that are before a cause what they were before all of them. */
static const char *const settled[] = {
    "connections{kind=\"accepted\"}", "half_records",    "unsent_bytes",         "delegations",
    "delegations_recalled",           "parked_requests", "session_slots_in_use",
};

static bool matches_any(const char *series, const char *const *patterns, size_t count)
{
    for (size_t i = 0; i < count && patterns[i]; i++) {
        if (scrape_matches(series, patterns[i]))
            return true;
    }
    return false;
}

static bool is_restless(const char *series)
{
    return matches_any(series, restless, ARRAY_SIZE(restless)) &&
           !scrape_matches(series, "memory_bytes{kind=\"data\"}");
}

static void note_unrest(const char *series, void *arg)
{
    bool *moved = arg;

    *moved = *moved || !is_restless(series);
}

/* A scrape of a server on which nothing moves any more. */
static struct scrape take_still(void)
{
    struct scrape last = scrape_take();
    int64_t end_ms = wait_now_ms() + WAIT_PATIENCE_MS;

    for (unsigned still = 0; still < STILL_LOOKS;) {
        bool moved = false;
        struct scrape now;

        assert_true(wait_now_ms() < end_ms);
        wait_ms(LOOK_MS);
        now = scrape_take();
        scrape_compare(&last, &now, note_unrest, &moved);
        scrape_free(&last);
        last = now;
        still = moved ? 0 : still + 1;
    }
    return last;
}

/* A gauge that is not what it was; NULL: what the last cause did is over. */
static const char *unsettled(const struct scrape *first)
{
    struct scrape now = scrape_take();
    const char *gauge = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(settled) && !gauge; i++) {
        if (scrape_sum(&now, settled[i]) != scrape_sum(first, settled[i]))
            gauge = settled[i];
    }
    scrape_free(&now);
    return gauge;
}

static void settle(const struct scrape *first, const struct cause *cause)
{
    int64_t end_ms = wait_now_ms() + WAIT_PATIENCE_MS;
    const char *gauge;

    while ((gauge = unsettled(first)) != NULL) {
        if (wait_now_ms() >= end_ms)
            fail_msg("before %s: %s is not what it was", cause->name, gauge);
        wait_ms(LOOK_MS);
    }
}

struct movement {
    const struct cause *cause;
    bool moved[CAUSE_PATTERNS]; /* the patterns of cause->moves */
    unsigned others;            /* series that must not move */
    char other[SERIES_BYTES];   /* one of them */
};

static bool may_move(const struct cause *cause, const char *series)
{
    return is_restless(series) || matches_any(series, cause->moves, CAUSE_PATTERNS) ||
           matches_any(series, cause->may, CAUSE_PATTERNS) ||
           (cause->requests && matches_any(series, of_requests, ARRAY_SIZE(of_requests)));
}

static void note_movement(const char *series, void *arg)
{
    struct movement *movement = arg;

    for (size_t i = 0; i < CAUSE_PATTERNS && movement->cause->moves[i]; i++) {
        if (scrape_matches(series, movement->cause->moves[i]))
            movement->moved[i] = true;
    }
    if (may_move(movement->cause, series))
        return;
    movement->others++;
    (void)snprintf(movement->other, sizeof(movement->other), "%s", series);
}

/* The first pattern of cause->moves that has not moved; NULL: all have. */
static const char *missing(const struct movement *movement)
{
    for (size_t i = 0; i < CAUSE_PATTERNS && movement->cause->moves[i]; i++) {
        if (!movement->moved[i])
            return movement->cause->moves[i];
    }
    return NULL;
}

static struct movement movement_since(const struct scrape *before, const struct cause *cause)
{
    struct movement movement = {.cause = cause};
    struct scrape now = scrape_take();

    scrape_compare(before, &now, note_movement, &movement);
    scrape_free(&now);
    return movement;
}

/* Bring it about, once.  False: others moved, too, or one that passes was not seen. */
static bool cause_try(const struct cause *cause, struct movement *movement)
{
    struct scrape before;
    int64_t end_ms;

    if (cause->prepare)
        cause->prepare();
    before = take_still();
    cause->begin();
    end_ms = wait_now_ms() + (cause->passes ? PASSING_MS : WAIT_PATIENCE_MS);
    *movement = movement_since(&before, cause);
    while (missing(movement) && wait_now_ms() < end_ms) {
        wait_ms(LOOK_MS);
        *movement = movement_since(&before, cause);
    }
    if (missing(movement) && !cause->passes)
        fail_msg("%s: %s did not move", cause->name, missing(movement));
    scrape_free(&before);
    if (cause->end)
        cause->end();
    return !missing(movement) && movement->others == 0;
}

static void cause_check(const struct cause *cause, const struct scrape *first)
{
    struct movement movement;
    unsigned tries = 0;

    do {
        settle(first, cause);
        if (tries++ == TRIES)
            fail_msg("%s: %s %s", cause->name,
                     missing(&movement) ? missing(&movement) : movement.other,
                     missing(&movement) ? "did not move" : "moved");
    } while (!cause_try(cause, &movement));
}

void cause_list_check(const struct cause_list *list)
{
    struct scrape first = take_still();

    for (size_t i = 0; i < list->count; i++)
        cause_check(&list->causes[i], &first);
    scrape_free(&first);
}

int cause_set_up(void **state)
{
    static char local[128];
    static const char *const options[] = {"--export", "/mem=mem:,no_root_squash",
                                          "--export", local,
                                          "--lease",  "600",
                                          "--set",    "nfs.recall_park_ms=10",
                                          "--set",    "nfs.callback_backoff_ms=50",
                                          NULL};

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}
