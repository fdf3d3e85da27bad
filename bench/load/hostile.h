/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that reads nothing.  HOSTILE_REPLIES: it has requested much data, so replies wait in the
 * server.  HOSTILE_RECALLS: it holds delegations of files that another client keeps opening, so
 * callbacks wait in the server.
 */
#pragma once

#include "bench/load/options.h"

/* Run for options->time_s after printing "ready" on stdout.  False after an error message. */
bool hostile_run(const struct bench_options *options);
