/* SPDX-License-Identifier: Apache-2.0 */
/* Error messages of all programs for invalid options. */
#pragma once

#include <getopt.h>
#include <stddef.h>

/* getopt_long() returned `result`, '?' or ':'.  Writes to `text` what is wrong: the option is
 * unknown (with the most similar one), ambiguous, lacks its value, or takes none.  The option
 * string must begin with ':', which keeps getopt_long() silent.  Returns `text`. */
const char *command_line_mistake(int result, char *const *argv, const struct option *options,
                                 char *text, size_t size);
