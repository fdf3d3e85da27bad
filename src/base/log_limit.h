/* SPDX-License-Identifier: Apache-2.0 */
/*
 * So many lines of one kind in a second and no more: what a peer can provoke at will must not fill
 * a disk.  Those left out are counted, so that one line can tell their number.  All zero is a valid
 * start.  Thread safe, no lock.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct log_limit {
    _Atomic uint64_t window; /* second << 32 | lines in it */
    _Atomic uint64_t left_out;
};

/* May a line be written at `now_ns`, with `per_s` allowed in a second?  False: it is counted. */
bool log_limit_take(struct log_limit *limit, int64_t now_ns, uint32_t per_s);

/* How many were left out since the last call. */
uint64_t log_limit_left_out(struct log_limit *limit);
