/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that falls silent with an open or a lock, and a hunter of the other minor version that
 * needs it: the hunter gets it when the lease has expired and not before, and on its return the
 * client finds that it has lost this and nothing else.
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
    struct client_id_wish wish; /* its identity, in 4.0 */
    unsigned cycles;            /* number of rounds */
    _Atomic enum mortal_phase phase;
    _Atomic bool locks;        /* this round is about a lock, not an open */
    _Atomic int64_t silent_ms; /* when its last request was about to be sent */
    _Atomic bool done;
};

/* Thread functions. */
void *mortal_run(void *mortal);
void *mortal_hunt(void *mortal);
