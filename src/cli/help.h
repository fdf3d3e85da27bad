/* SPDX-License-Identifier: Apache-2.0 */
/* What --help prints, at every level. */
#pragma once

#include <stdio.h>

#include "cli/command.h"

/* All commands; all of a noun; one. */
void help_print_all(const struct command_table *table, FILE *out);
void help_print_noun(const struct command_table *table, const char *noun, FILE *out);
void help_print_command(const struct command *command, FILE *out);

/* "mainstay client show CLIENT [--json]": how a command is typed.  free() it. */
char *help_synopsis(const struct command *command);
