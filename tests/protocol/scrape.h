/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metrics of the server under test (script.h), read over its admin socket.
 *
 * A pattern names series without "mainstay_" and without the endings of counters and histograms:
 * `sequence` is mainstay_sequence_total, `callback{op="CB_RECALL"}` one series of that family,
 * `callback` all of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct scrape_series {
    const char *name; /* of its line, with labels */
    double value;
};

struct scrape {
    char *text;
    size_t count;
    struct scrape_series *series; /* by name */
};

/* Fails the test when the server does not answer.  Free with scrape_free(). */
struct scrape scrape_take(void);
void scrape_free(struct scrape *scrape);

/* POST to another path of that socket; fails the test unless this is the answer's status. */
void scrape_post(const char *path, unsigned status);

/* The sum of the series; 0: there is none. */
double scrape_sum(const struct scrape *scrape, const char *pattern);

bool scrape_matches(const char *series, const char *pattern);

/* Visit each series that has another value in `now` than in `before`, or is only in one of them. */
void scrape_compare(const struct scrape *before, const struct scrape *now,
                    void (*visit)(const char *series, void *arg), void *arg);

/* Visit each family: its name as in a pattern. */
void scrape_families(void (*visit)(const char *family, void *arg), void *arg);
