/* SPDX-License-Identifier: Apache-2.0 */
/* Error messages of `mainstay` on stderr. */
#pragma once

/* "mainstay: " and the message, in a line of its own.  Whatever is in it, a terminal is not
 * controlled by it. */
void complaint_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One more line to the last message, indented. */
void complaint_add(const char *text);
