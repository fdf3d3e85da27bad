/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who callers are: what the map file, libnfsidmap and the database of users (NSS) say of them,
 * remembered for a time.
 *
 *     question -> remembered -----------------------------------> answer
 *              -> the map file, machines: at once --------------> answer
 *              -> the queue of resolver threads, which may block -> answer, or none in time
 *
 * An answer serves for `ttl_s`, and is asked for again in the background before that has passed;
 * "nobody knows it" serves for LIMIT_IDENTITY_UNKNOWN_S.  When the database fails, or does not
 * answer, the old answer serves for LIMIT_IDENTITY_STALE_S.  There are at most LIMIT_IDENTITIES
 * answers that name somebody; what nobody knows, and what is being asked for, has room of its own
 * (LIMIT_IDENTITIES_UNKNOWN), so that whoever makes up names displaces no user.  At most
 * LIMIT_IDENTITY_QUESTIONS questions wait for LIMIT_IDENTITY_THREADS threads that ask; a database
 * that hangs takes these threads, and stops nobody who is remembered or in the map file.
 *
 * All functions but create and destroy: any thread, no lock held if they may wait.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "identity/identity.h"
#include "identity/identity_setup.h"
#include "identity/identity_source.h"

struct identity_cache;

/* The strings are copied.  The map file is read at once: NULL, and why in `error`. */
struct identity_cache *identity_cache_create(const struct identity_config *config,
                                             char error[IDENTITY_MAP_ERROR_BYTES]) MUST_USE;

/* Gives threads that hang a second; if one still does, its memory is never freed.  NULL is
 * allowed. */
void identity_cache_destroy(struct identity_cache *cache);

/* A principal, as GSS tells it.  `key` tells one from another and stands for the whole exported
 * name; `name` is the whole "alice@LAB.EXAMPLE". */
struct identity_principal {
    const void *key;
    uint32_t key_len;
    const char *name;
    bool is_machine;
};

enum identity_wait {
    IDENTITY_NO_WAIT, /* don't wait; ask in the background */
    IDENTITY_WAIT,    /* wait for the answer for at most LIMIT_IDENTITY_WAIT_S: the calling thread
                       * announces that (worker_will_block()) */
};

/* Each with a reference.  NULL: there is no answer yet, try again later.  What nobody knows is an
 * identity, too (IDENTITY_FROM_NOBODY). */
struct identity *identity_of_principal(struct identity_cache *cache,
                                       const struct identity_principal *principal,
                                       enum identity_wait wait) MUST_USE;

/* Of a user by its number, with all groups: the map file, then the database. */
struct identity *identity_of_uid(struct identity_cache *cache, uint32_t uid,
                                 enum identity_wait wait) MUST_USE;

/* Any other question, without groups (identity_source.h). */
struct identity *identity_ask(struct identity_cache *cache, enum identity_question question,
                              uint32_t id, const char *name, enum identity_wait wait) MUST_USE;

/* Machines of this realm are root, too, while `realms` names none and `machine` is ROOT. */
void identity_cache_realm_add(struct identity_cache *cache, const char *realm);

/* From now on another configuration counts, which is taken over.  What was remembered counts no
 * more; the source stays. */
void identity_cache_apply(struct identity_cache *cache, struct identity_setup *setup);

/* Read the map file again, in the background, if it has changed or `always`.  A good one takes
 * effect at once; of a bad one the mistake is logged, and the one before stays.  `always` forgets
 * what the database said, too. */
void identity_cache_reload(struct identity_cache *cache, bool always);

/* X(name, help) */
#define IDENTITY_COUNTERS(X)                                                                       \
    X(lookups, "Questions who a user or group is")                                                 \
    X(cached, "Questions answered from memory")                                                    \
    X(unknown, "Answers: nobody knows it")                                                         \
    X(failures, "Questions that the database of users could not answer")                           \
    X(late, "Questions that were not answered in time")                                            \
    X(refused, "Questions that found no room in the queue")                                        \
    X(refreshed, "Answers asked for again in the background")                                      \
    X(map_reloads, "Map files that were taken into use")                                           \
    X(map_failures, "Map files with errors, not taken into use")

enum identity_counter {
#define X(name, help) IDENTITY_COUNTER_##name,
    IDENTITY_COUNTERS(X)
#undef X
    IDENTITY_COUNTER_COUNT
};

struct identity_stats {
#define X(name, help) uint64_t name;
    IDENTITY_COUNTERS(X)
#undef X
    uint64_t entries; /* remembered now */
    uint64_t asking;  /* questions not answered yet */
};

void identity_stats_read(struct identity_cache *cache, struct identity_stats *stats);
