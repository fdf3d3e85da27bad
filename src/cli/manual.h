/* SPDX-License-Identifier: Apache-2.0 */
/* The manual page mainstay(1). */
#pragma once

#include <stdio.h>

#include "cli/command.h"

void manual_print(const struct command_table *table, FILE *out);
