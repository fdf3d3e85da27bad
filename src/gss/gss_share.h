/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contexts of a table that their clients use, by principal, each with a reference: whose go
 * first when the table is full.  Contexts that no call has proven are not here, so that whoever
 * repeats a user's INIT takes nothing from that user.
 *
 * Thread safe: one lock, a leaf.  A context takes it when it is proven, when it goes, and at most
 * once a second while it is used.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "base/check.h"
#include "base/htable.h"
#include "base/limits.h"
#include "base/list.h"
#include "gss/gss_context.h"

enum {
    GSS_SHARE_CLASSES = 17 /* principals with 1, 2 to 3, 4 to 7, ... contexts */
};

_Static_assert(LIMIT_GSS_CONTEXTS < 1u << GSS_SHARE_CLASSES, "the last class has the largest");

struct gss_share {
    pthread_mutex_t lock;
    struct htable holders;                  /* struct gss_share_holder, by the principal's ID */
    struct list classes[GSS_SHARE_CLASSES]; /* the same, by the number of their contexts */
};

void gss_share_init(struct gss_share *share);

/* Puts all that are left. */
void gss_share_fini(struct gss_share *share);

/* A context was proven.  Without memory for its principal it counts for nobody. */
void gss_share_add(struct gss_share *share, struct gss_context *context);

/* A context is used: of those of its principal it goes last. */
void gss_share_touch(struct gss_share *share, struct gss_context *context);

/* Take a context out, if it is there: it is gone. */
void gss_share_remove(struct gss_share *share, struct gss_context *context);

/* Take out the context that was used longest ago, of a principal that has more than so many, and
 * more than half as many as any other; with its reference.  NULL: nobody has more. */
struct gss_context *gss_share_take_surplus(struct gss_share *share, uint32_t contexts) MUST_USE;
