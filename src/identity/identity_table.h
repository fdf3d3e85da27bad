/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is remembered of users and groups, by question.  An entry is answered at once by whoever can
 * (the map file), or by a thread of identity_resolver.h; requests that need the answer wait for it.
 *
 *     new --asked--> asking --answer--> fresh --time--> old --asked--> asking ...
 *                                         \--3/4 of its time, and used--> asked in the background,
 *                                                                         unless answered at once
 *
 * Of the entries that name somebody, the least recently used one gives way to a new one; those that
 * nobody knows give way to each other alone.
 *
 * Locks: each shard has its own.  It is held while the map file is asked, and never while something
 * is waited for but `answered`.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/counter.h"
#include "identity/identity_cache.h"
#include "identity/identity_source.h"

struct identity_key {
    enum identity_question question;
    uint32_t id;
    const char *name;  /* or "" */
    const void *extra; /* tells apart what has the same name; NULL: none */
    uint32_t extra_len;
    bool is_machine;
};

/* Who knows answers. */
struct identity_teller {
    /* NULL: has to be asked slowly.  Does not block; called with the shard's lock. */
    struct identity *(*at_once)(void *context, const struct identity_key *key);
    /* May block.  *answer has a reference if it is FOUND. */
    enum identity_found (*slowly)(void *context, const struct identity_key *key,
                                  struct identity **answer);
    void *context;
};

struct identity_table;

/* NULL: no thread can be started.  Counts with enum identity_counter. */
struct identity_table *identity_table_create(const struct identity_teller *teller, uint32_t ttl_s,
                                             struct counter_set *counters) MUST_USE;

/* False: a thread hangs, and all that the table and its teller use must stay. */
bool identity_table_destroy(struct identity_table *table) MUST_USE;

/* With a reference; NULL: there is no answer (yet). */
struct identity *identity_table_ask(struct identity_table *table, const struct identity_key *key,
                                    enum identity_wait wait) MUST_USE;

/* Of the answer that would serve now; -1: there is none. */
int64_t identity_table_age_ns(struct identity_table *table, const struct identity_key *key);

/* How long answers serve; also those that there are. */
void identity_table_ttl_set(struct identity_table *table, uint32_t ttl_s);

/* What is remembered counts no more; what is being asked is asked again. */
void identity_table_forget(struct identity_table *table);

/* Run a job on a thread of the table. */
struct identity_job;
bool identity_table_post(struct identity_table *table, struct identity_job *job) MUST_USE;

void identity_table_stats(struct identity_table *table, struct identity_stats *stats);
