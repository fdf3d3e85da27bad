/* SPDX-License-Identifier: Apache-2.0 */
/* What the server's process has used, read from outside. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* CPU time of all its threads, ended ones too; false when there is no such process. */
bool process_cpu_ns(pid_t pid, int64_t *ns);

/* User and system part, at the kernel's tick resolution. */
bool process_cpu_split_us(pid_t pid, uint64_t *user_us, uint64_t *system_us);

/* Resident bytes and threads. */
bool process_memory(pid_t pid, uint64_t *resident_bytes, unsigned *threads);
