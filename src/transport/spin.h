/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a loop that has nothing to do asks for events again and again for a moment before it
 * sleeps.  To wake a thread whose processor sleeps takes longer than to answer a simple request: a
 * client with one request at a time waits for that most of the time.
 *
 * It pays only if the next request comes soon.  So each spin in vain is followed by twice as many
 * waits without a spin, up to SPIN_REST_MAX; each that found work, by a quarter as many.
 *
 * Belongs to the loop's owner.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    SPIN_US = 50,         /* the usual length of a spin */
    SPIN_REST_MAX = 1024, /* most waits without a spin after one in vain */
};

struct spin {
    int64_t limit_ns; /* 0: never */
    uint32_t rest;    /* waits without a spin after one */
    uint32_t left;    /* of these */
};

/* `us`: 0, never; TRANSPORT_SPIN_AUTO: SPIN_US if each of so many loops can have a processor. */
void spin_init(struct spin *spin, uint32_t us, unsigned loops, unsigned processors);

/* Should the loop spin before this wait? */
static inline bool spin_is_due(struct spin *spin)
{
    if (spin->left == 0)
        return spin->limit_ns > 0;
    spin->left--;
    return false;
}

/* A spin has ended. */
void spin_note(struct spin *spin, bool found);
