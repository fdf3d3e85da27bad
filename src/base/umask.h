/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A umask for each thread.  The kernel has one for each process unless a thread asks for its own;
 * only with that can a file be created with a client's umask, which the kernel has to take from the
 * mode itself: it alone knows at that moment whether the directory has a default ACL.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* From now on the calling thread has a umask of its own, which is 0, and a working directory of its
 * own.  Threads that it starts share both until they call this, too; so every thread that runs
 * requests does so first.  False where the system forbids it, as seccomp filters of containers do:
 * then nothing has changed. */
bool umask_own(void);

/* The calling thread creates files with this umask, until umask_end().  Only after umask_own() was
 * true.  Neither changes errno. */
void umask_begin(uint32_t umask);
void umask_end(void);
