/* SPDX-License-Identifier: Apache-2.0 */
/* The outcome of a callback, of any minor version. */
#pragma once

#include "callback/cb_compound.h"

enum callback_outcome {
    CALLBACK_ANSWERED,  /* *reply has the results; valid during the hook */
    CALLBACK_REFUSED,   /* the client replied, but refused the callback as a whole */
    CALLBACK_FAILED,    /* no reply in time, or a malformed one */
    CALLBACK_CANCELLED, /* its path was closed: the client is gone, or has named another address */
};

/* Called exactly once for each callback that was taken.  Any thread, without locks; must not block.
 * `reply` is NULL unless the outcome is CALLBACK_ANSWERED.  It has the results of the caller's
 * operations, without that of CB_SEQUENCE. */
typedef void callback_done(enum callback_outcome outcome, const struct cb_reply *reply, void *arg);
