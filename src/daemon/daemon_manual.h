/* SPDX-License-Identifier: Apache-2.0 */
/* The manual page of the server, mainstayd(8). */
#pragma once

#include <stdio.h>

/* Options and examples are those of the text that --help prints. */
void daemon_manual_print(FILE *out, const char *usage);
