/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes metrics move: each cause with the series that it moves, and those that it may move as
 * a consequence.  Nothing else moves with it.  Patterns are those of scrape.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define CAUSE_PATTERNS 20u

struct cause {
    const char *name;
    void (*prepare)(void); /* before the first scrape; NULL: nothing */
    void (*begin)(void);
    void (*end)(void); /* after the second one; NULL: nothing */
    bool requests;     /* it sends requests, which move their own metrics */
    const char *moves[CAUSE_PATTERNS];
    const char *may[CAUSE_PATTERNS];
    bool passes; /* by itself, so it may be over before it is seen */
};

struct cause_list {
    const struct cause *causes;
    size_t count;
};

/* Connections and records; requests; clients and their state; delegations and callbacks; minor
 * version 0; settings.  For a server with an ordinary lease. */
extern const struct cause_list cause_connections, cause_requests, cause_clients, cause_delegations,
    cause_v40, cause_settings;

/* Fails the test unless each cause moves what it moves, and nothing else. */
void cause_list_check(const struct cause_list *list);

/* A server with an ordinary lease, and the exports of script.h; script_teardown() ends it. */
int cause_set_up(void **state);

/* For one with a lease of a second or two; for one that has just restarted. */
extern const struct cause_list cause_leases, cause_restart;
