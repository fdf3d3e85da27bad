/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contexts of a table that no call has proven yet, by age and by address, each with a
 * reference.  Thread safe: one lock, a leaf, taken only when a context is made, proven, or too old.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/htable.h"
#include "base/list.h"
#include "gss/gss_context.h"

struct gss_unproven {
    pthread_mutex_t lock;
    struct list all;         /* gss_context.waiting, the oldest first */
    struct htable addresses; /* struct gss_unproven_address */
    uint32_t count;
};

void gss_unproven_init(struct gss_unproven *unproven);

/* Puts all that are left. */
void gss_unproven_fini(struct gss_unproven *unproven);

/* Add a context.  When its address has too many, `surplus` is the oldest of them, taken out, with
 * its reference; else NULL.  False: no memory. */
bool gss_unproven_add(struct gss_unproven *unproven, struct gss_context *context, uint64_t address,
                      struct gss_context **surplus) MUST_USE;

/* Take a context out, for ever, if it is there: it is proven, or gone. */
void gss_unproven_remove(struct gss_unproven *unproven, struct gss_context *context);

/* Take out the oldest one made before that time, with its reference; NULL: there is none. */
struct gss_context *gss_unproven_take_oldest(struct gss_unproven *unproven,
                                             int64_t before_ns) MUST_USE;

uint32_t gss_unproven_count(struct gss_unproven *unproven);
