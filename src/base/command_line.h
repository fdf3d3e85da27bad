/* SPDX-License-Identifier: Apache-2.0 */
/* What all programs say about options that they do not have. */
#pragma once

#include <getopt.h>
#include <stddef.h>

/* getopt_long() has returned `result`, '?' or ':'.  Say why at `text`, for people: the option is
 * unknown (and which known one is near), ambiguous, lacks its value, or has none.  The option
 * string begins with ':', which keeps getopt_long() silent.  Returns `text`. */
const char *command_line_mistake(int result, char *const *argv, const struct option *options,
                                 char *text, size_t size);
