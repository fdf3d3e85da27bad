/* SPDX-License-Identifier: Apache-2.0 */
/* JSON for programs, safe for a terminal: ASCII alone, and no control characters but newlines. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Over several lines, or in one.  Members keep their order. */
void json_print(const json_t *value, FILE *out, bool in_one_line);
