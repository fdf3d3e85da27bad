/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits the lines of one kind per second, so that a peer cannot fill a disk with lines that it can
 * provoke.  Suppressed lines are counted, so that a later line can report their number.  All zero
 * is a valid initial state.  Thread safe, without locks.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct log_limit {
    _Atomic uint64_t window; /* second << 32 | lines in it */
    _Atomic uint64_t left_out;
};

/* May a line be written at `now_ns`, at `per_s` lines per second?  If not, it is counted. */
bool log_limit_take(struct log_limit *limit, int64_t now_ns, uint32_t per_s);

/* How many lines were suppressed since the last call. */
uint64_t log_limit_left_out(struct log_limit *limit);
