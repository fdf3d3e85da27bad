/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the handlers of the admin endpoint see of the server: the context of their routes.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

struct event_feed;
struct export_control;
struct server;
struct settings;
struct transport;

enum endpoint_phase {
    ENDPOINT_STARTING,
    ENDPOINT_SERVING,  /* the server listens */
    ENDPOINT_DRAINING, /* it refuses new connections, and ends with the last one that it has */
    ENDPOINT_ENDING,   /* it was told to end */
};

/* daemon/ has it, and changes nothing but the phase while the endpoint is open; what the members
 * point to outlives it. */
struct endpoint {
    struct server *server;
    struct transport *transport;
    struct settings *settings;
    const struct export_control *exports;
    const char *commit;      /* of the sources: build_record.h */
    struct timespec started; /* wall clock */
    int64_t started_ns;      /* the same moment; clock_boot_ns() */
    struct event_feed *events;
    _Atomic(enum endpoint_phase) phase;
    /* Of ENDPOINT_DRAINING, set before the phase: clock_now_ns() when the server ends at the
     * latest. */
    _Atomic int64_t drained_ns;
};
