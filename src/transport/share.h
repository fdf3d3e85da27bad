/* SPDX-License-Identifier: Apache-2.0 */
/* Counts blocked threads by file system and by client address; share.c has the limits. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "transport/turn.h"

/* What a blocked thread counts for: the file system and the address of its call. */
struct place {
    _Atomic int32_t *in; /* rpc_call.blocked_in */
    unsigned address;    /* hash of the connection's address, as in struct turn */
};

/* The number of blocked threads, in total and by address. */
struct share_table {
    _Atomic int32_t blocked;
    _Atomic int32_t addresses[TURN_ADDRESSES + 1]; /* the last one: of threads without a
                                                    * connection */
};

/* A thread that has lost its loop blocks there, and goes on again. */
void share_take(struct share_table *table, const struct place *place);
void share_give(struct share_table *table, const struct place *place);
