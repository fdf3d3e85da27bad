/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a thread of this process runs.  From any thread. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Does the thread run, or wait only for a processor?  False: it sleeps, has ended, or /proc does
 * not tell. */
bool thread_is_runnable(pid_t tid);
