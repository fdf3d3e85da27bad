/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lower bound: a process of one thread that answers every request with the reply that a real
 * server gave to its like, changing only xid and seqid.  What it costs is what the system calls and
 * TCP cost, below which no server gets.  It is forked, so that its CPU can be told apart.
 */
#pragma once

#include "bench/load/lane.h"

struct floor_server {
    struct lane_canned canned[BENCH_STAGES]; /* filled before floor_start() */
    pid_t pid;                               /* 0: not running */
    uint16_t port;
};

/* Fork it, listening on the loopback.  False: said on stderr. */
MUST_USE bool floor_start(struct floor_server *floor);

/* A non-blocking connection to it, or -1. */
int floor_connect(const struct floor_server *floor);

/* End it and free the canned replies; also when it was never started. */
void floor_stop(struct floor_server *floor);
