/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All contexts of the server, by handle.  When it is full, one goes for another: of those that no
 * call has proven, where they have more than an eighth of the table (fewer are about to be used);
 * else the least recently used of a principal that has more than its share, and about the most;
 * else the least recently used of all.  A client whose context is gone hears
 * RPCSEC_GSS_CREDPROBLEM and makes another.
 *
 * A context is unproven until its first call has come with a right verifier: whoever repeats
 * somebody's INIT gets no further.  Of an address at most LIMIT_GSS_UNPROVEN_PER_ADDRESS remain,
 * the oldest go, and all after LIMIT_GSS_UNPROVEN_S.
 *
 * Thread safe: a lock per shard, one for unproven contexts, and one for shares (docs/locking.md).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/htable.h"
#include "gss/gss_context.h"
#include "wire/xdr.h"

struct gss_table;

struct gss_table_settings {
    uint32_t contexts;   /* at most; 0: LIMIT_GSS_CONTEXTS_USUAL */
    uint32_t lifetime_s; /* of a context at most; 0: LIMIT_GSS_LIFETIME_S */
};

struct gss_table_stats {
    uint32_t contexts; /* now; unproven ones among them */
    uint32_t unproven;
    uint64_t made;      /* established, ever */
    uint64_t destroyed; /* by their clients */
    uint64_t expired;
    uint64_t idle;    /* removed unused */
    uint64_t evicted; /* removed for others, at a limit */
};

/* What is shown of a context. */
struct gss_context_info {
    uint8_t handle[GSS_HANDLE_BYTES];
    char name[LIMIT_GSS_NAME_BYTES]; /* of the principal; "" before it is established */
    const char *enctype;
    bool machine, proven;
    int64_t made_ns, used_ns, expires_ns; /* clock_now_ns() */
};

struct gss_table *gss_table_create(const struct gss_table_settings *settings);

/* No thread may use it any more; contexts that are referenced live on. */
void gss_table_destroy(struct gss_table *table);

/* Other limits from now on; contexts that are too many go by and by. */
void gss_table_set_limits(struct gss_table *table, uint32_t contexts, uint32_t lifetime_s);

/* The context of a handle, with a reference, also if it has expired or is not established yet.
 * NULL: there is none: CREDPROBLEM. */
struct gss_context *gss_table_lookup(struct gss_table *table,
                                     const struct wire_opaque *handle) MUST_USE;

/* To be called when the verifier of a call was right: the context is proven and was used now. */
void gss_table_prove(struct gss_table *table, struct gss_context *context, int64_t now_ns);

/* RPCSEC_GSS_DESTROY, after the call was verified: later calls find no context; those that run keep
 * it. */
void gss_table_remove(struct gss_table *table, struct gss_context *context);

/* Once a second or so: remove what has expired, was not used for LIMIT_GSS_IDLE_S, or not proven.
 * Looks at a part of the table at a time. */
void gss_table_tick(struct gss_table *table, int64_t now_ns);

void gss_table_stats_read(struct gss_table *table, struct gss_table_stats *stats);

/* Where a listing is; zeroed, at its beginning. */
struct gss_table_place {
    uint32_t shard;
    struct htable_place at;
    bool end;
};

/* Copies of up to `max` contexts behind `place`, which moves on.  Returns how many; place->end says
 * that there are no more. */
uint32_t gss_table_list(struct gss_table *table, struct gss_table_place *place,
                        struct gss_context_info *infos, uint32_t max);
