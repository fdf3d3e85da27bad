/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that falls silent with something open or locked, and a hunter of the other minor version
 * that wants it: the hunter gets it when the lease is over and not before, and the client finds on
 * its return that it has lost this and nothing else.
 */
#pragma once

#include "actor.h"

enum mortal_phase {
    MORTAL_LIVES,
    MORTAL_SILENT,
    MORTAL_ROBBED
};

struct mortal {
    struct actor actor, hunter;
    struct client_id_wish wish; /* as whom it came, in 4.0 */
    unsigned cycles;            /* how often */
    _Atomic enum mortal_phase phase;
    _Atomic bool locks;        /* it is a lock this time, not an open */
    _Atomic int64_t silent_ms; /* when its last request was about to be sent */
    _Atomic bool done;
};

/* Threads. */
void *mortal_run(void *mortal);
void *mortal_hunt(void *mortal);
