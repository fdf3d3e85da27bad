/* SPDX-License-Identifier: Apache-2.0 */
/* What a context consists of, for src/gss alone. */
#pragma once

#include <gssapi/gssapi.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/htable.h"
#include "base/list.h"
#include "gss/gss_cfx.h"
#include "gss/gss_context.h"
#include "gss/gss_token.h"
#include "gss/gss_window.h"

struct gss_context {
    _Atomic uint32_t refs; /* the table, calls, and whoever makes it */
    uint8_t handle[GSS_HANDLE_BYTES];

    /* Under the lock of its shard in the table. */
    struct hnode node;
    struct list recent; /* used lately is behind */
    bool in_table;
    int64_t listed_ns; /* when it got its place in `recent` */

    /* Under the lock of unproven contexts (gss_unproven.c). */
    struct list waiting;    /* of all of them, the oldest first */
    struct list at_address; /* of those of its address */
    struct gss_unproven_address *address;
    _Atomic bool proven; /* is set with that lock held; once */

    /* Under the lock of shares (gss_share.c). */
    struct list at_holder; /* of those of its principal */
    struct gss_share_holder *holder;

    int64_t made_ns;
    _Atomic int64_t used_ns;

    /* Set before `established` is; after that it does not change. */
    _Atomic bool established;
    int64_t expires_ns;
    struct gss_principal *principal;
    const char *enctype;
    struct gss_token_sizes sizes;
    bool has_cfx;
    struct gss_cfx cfx;

    /* While it is being made; and afterwards if its keys are not those of `cfx`. */
    pthread_mutex_t mit_lock; /* a leaf: one thread at a time is in the library with it */
    gss_ctx_id_t mit;

    pthread_mutex_t seq_lock; /* a leaf: guards the window */
    struct gss_window window;
    _Atomic uint32_t last_seq; /* of the calls that the server has made */
};

/* With one reference.  NULL: no memory. */
struct gss_context *gss_context_create(int64_t now_ns) MUST_USE;

/* The library has made `context->mit` complete: take over who the client is, and the keys.  False:
 * no memory, or the library fails.  The caller is the only one who knows the context. */
bool gss_context_establish(struct gss_context *context, struct gss_principal *principal,
                           int64_t expires_ns) MUST_USE;
