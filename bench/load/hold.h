/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients that hold many things and do nothing, so that others can be measured beside them.  They
 * make the directory "held" of the export, with files that bench_file_name() names, and leave
 * everything behind: the server is one to throw away.  They do not renew their leases.
 */
#pragma once

#include "bench/load/options.h"

#define HOLD_DIR "held"
/* Each lock begins at a multiple of the stride in file 0, and is so long. */
#define HOLD_LOCK_STRIDE 4096u
#define HOLD_LOCK_BYTES 64u

/* Is it one of opens, files, locks, delegations, names, sessions, connections? */
bool hold_known(const char *kind);

/* Make options->hold_count of options->hold, print "ready" on stdout, and hold them until the
 * input ends.  False after an error message. */
bool hold_run(const struct bench_options *options);
