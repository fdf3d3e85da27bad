/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages on stderr, besides the log, for the user who starts the server: `mainstayd: TEXT`.  If
 * the log format is JSON they are log lines instead, at any log level.  For the main thread.
 */
#pragma once

/* Report why the server does not start, or cannot continue. */
void console_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Report that the server accepts connections on `address`.  Scripts wait for this. */
void console_ready(const char *address);
