/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lower bound: a process with one thread that answers each request with the reply of a real
 * server to such a request, changing only xid and seqid.  Its cost is that of the system calls and
 * TCP, which no server can avoid.  It is a separate process, so that its CPU time can be measured.
 */
#pragma once

#include "bench/load/lane.h"

struct floor_server {
    struct lane_canned canned[BENCH_STAGES]; /* filled before floor_start() */
    uint32_t places; /* of a file, from which sendfile() sends long replies; 0: not from a file */
    int cpu;         /* processor that it runs on; -1: any */
    pid_t pid;       /* 0: not running */
    uint16_t port;
};

/* Fork it; it listens on the loopback interface.  False after an error message. */
MUST_USE bool floor_start(struct floor_server *floor);

/* A non-blocking connection to it, or -1. */
int floor_connect(const struct floor_server *floor);

/* End it and free the canned replies.  Allowed even if it was never started. */
void floor_stop(struct floor_server *floor);
