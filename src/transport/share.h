/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that block, by file system and by address; share.c has the shares. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "transport/turn.h"

/* What a thread that blocks counts for: its call's file system and address. */
struct place {
    _Atomic int32_t *in; /* rpc_call.blocked_in */
    unsigned address;    /* of the connection, as in struct turn */
};

/* Threads that are blocked, in all and by address. */
struct share_table {
    _Atomic int32_t blocked;
    _Atomic int32_t addresses[TURN_ADDRESSES + 1]; /* the last one: nobody's */
};

/* A thread blocks there: without a loop, since that has gone to another; it goes on. */
void share_take(struct share_table *table, const struct place *place);
void share_give(struct share_table *table, const struct place *place);
