/* SPDX-License-Identifier: Apache-2.0 */
/* How a call to a client ends, whichever way it takes. */
#pragma once

#include "callback/cb_compound.h"

enum callback_outcome {
    CALLBACK_ANSWERED,  /* *reply says the rest; it is valid during the hook */
    CALLBACK_REFUSED,   /* there is somebody, but not who takes this call */
    CALLBACK_FAILED,    /* no answer in time, or none that makes sense */
    CALLBACK_CANCELLED, /* the way there was closed: the client is gone, or named another one */
};

/* Runs once for each call that was taken, on any thread, with no lock held; must not block.
 * `reply` is NULL unless the outcome is CALLBACK_ANSWERED; its results are those of the operations
 * that were handed over, so a CB_SEQUENCE is not among them. */
typedef void callback_done(enum callback_outcome outcome, const struct cb_reply *reply, void *arg);
