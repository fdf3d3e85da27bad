/* SPDX-License-Identifier: Apache-2.0 */
/* Parses a command line by the table of commands. */
#pragma once

#include "cli/command.h"

enum invocation_result {
    INVOCATION_RUN,
    INVOCATION_NOTHING, /* there is no command */
    INVOCATION_HELP,    /* of `command`; of all verbs of its noun if `whole_noun`; NULL: of all */
    INVOCATION_VERSION,
    INVOCATION_MAN,
    INVOCATION_WRONG, /* told on stderr */
};

/* Options may stand anywhere, before or behind words; "--" ends them.  Strings stay those of argv.
 * Call invocation_fini() whatever the result. */
enum invocation_result invocation_parse(struct invocation *call, const struct command_table *table,
                                        int argc, char **argv, bool *whole_noun);
void invocation_fini(struct invocation *call);
