/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of `mainstay`.  Each gets its own arguments, argv[0] being its name, prints its
 * result on stdout or its reason on stderr, and returns the exit code.
 */
#pragma once

enum {
    COMMAND_OK = 0,
    COMMAND_FAILED = 1,
    COMMAND_USAGE = 2,
};

/* probe_command.c */
int probe_command(int argc, char **argv);
