/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What whoever starts the server reads on stderr beside the log: `mainstayd: TEXT`.  If the log is
 * JSON it is a line of the log instead, whatever the level.  For the main thread.
 */
#pragma once

/* Why the server does not start, or that it cannot go on. */
void console_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The server accepts connections on `address`.  Scripts wait for this. */
void console_ready(const char *address);
