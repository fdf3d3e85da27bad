/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that knows the backends by name. */
#pragma once

#include "export/export.h"

/* How many of these exports have a backend that keeps files open. */
uint32_t backend_keeping_files(const struct export_spec *specs, uint32_t count);

/* Create the backend of an export, with a share of the file descriptors if it keeps files open.
 * NULL, and `error` says why, beginning with the export. */
struct vfs *backend_create(const struct export_spec *spec, const char *state_dir,
                           uint32_t descriptors, char *error, size_t error_size);

/* Block the signals that backends wait for, in this thread and the threads that it starts.  To be
 * called first. */
void backend_block_signals(void);

/* Log a warning if the kernel breaks leases sooner than our lease time. */
void backend_check_lease_break(const struct export_spec *specs, uint32_t count, uint32_t lease_s);

/* Does any of the exports serve files of this machine? */
bool backend_serves_machine(const struct export_spec *specs, uint32_t count);

/* Does the backend exist and take this argument? */
bool backend_check(const struct export_spec *spec, char *error, size_t error_size);

/* The same of an export of the configuration file; and is its directory there?  NULL: yes; else the
 * key that is wrong, and `error`. */
const char *backend_look(const struct export_spec *spec, char *error, size_t error_size);

/* Would exports_open() fail?  Creates and changes nothing.  If the state directory does not
 * exist, `state_dir` is its nearest existing parent.  On failure `error` says why. */
bool backend_check_all(const struct export_spec *specs, uint32_t count, const char *state_dir,
                       char *error, size_t error_size);
