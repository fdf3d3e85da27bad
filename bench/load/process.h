/* SPDX-License-Identifier: Apache-2.0 */
/* Resources used by the server's process, read from /proc. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* CPU time of all of its threads, including ended ones.  False if there is no such process. */
bool process_cpu_ns(pid_t pid, int64_t *ns);

/* User and system time, at the resolution of the kernel's ticks. */
bool process_cpu_split_us(pid_t pid, uint64_t *user_us, uint64_t *system_us);

/* Resident bytes and threads. */
bool process_memory(pid_t pid, uint64_t *resident_bytes, unsigned *threads);
