/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of `mainstay`.  Each gets its own arguments, with its name in argv[0].  It prints
 * its result on stdout or an error on stderr, and returns the exit status.
 */
#pragma once

enum {
    COMMAND_OK = 0,
    COMMAND_FAILED = 1,
    COMMAND_USAGE = 2,
};

/* probe_command.c */
int probe_command(int argc, char **argv);
