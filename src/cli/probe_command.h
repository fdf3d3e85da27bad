/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of `mainstay`.  argv[0] is the command's name; the value is the exit status. */
#pragma once

#define EXIT_USAGE 2

int probe_command(int argc, char **argv);
