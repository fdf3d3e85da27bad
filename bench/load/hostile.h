/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that reads nothing.  HOSTILE_REPLIES: it has asked for much, so replies wait in the
 * server.  HOSTILE_RECALLS: it has delegations of files that another client wants, again and
 * again, so calls wait there.
 */
#pragma once

#include "bench/load/options.h"

/* For options->time_s, from the line "ready" on stdout.  False: said on stderr. */
bool hostile_run(const struct bench_options *options);
