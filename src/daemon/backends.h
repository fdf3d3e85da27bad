/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that knows the backends by name. */
#pragma once

#include "export/export.h"

/* How many of the specs ask for a backend that keeps files open. */
uint32_t backend_keeping_files(const struct export_spec *specs, uint32_t count);

/* Make the backends that the specs ask for and add them to the table.  Those that keep files open
 * have `descriptors` together.  False: `error` says why; what was added before stays in the
 * table. */
bool backend_export_all(struct export_table *table, const struct export_spec *specs, uint32_t count,
                        const char *state_dir, uint32_t descriptors, char *error,
                        size_t error_size);

/* Block the signals that backends wait for, in this thread and those that it starts: first. */
void backend_block_signals(void);

/* Tell the log if the kernel lets users of the machine wait for less than a lease of ours. */
void backend_check_patience(const struct export_spec *specs, uint32_t count, uint32_t lease_s);

/* Does one of them serve files of this machine? */
bool backend_serves_machine(const struct export_spec *specs, uint32_t count);

/* Is there a backend of this name that takes this argument? */
bool backend_check(const struct export_spec *spec, char *error, size_t error_size);

/* Would backend_export_all() refuse them?  Makes and changes nothing; if the state directory is not
 * there, `state_dir` is the nearest one above it.  False: `error` says why. */
bool backend_check_all(const struct export_spec *specs, uint32_t count, const char *state_dir,
                       char *error, size_t error_size);
