/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mainstay: the command line.  Exit status 0, 1 (it failed), 2 (usage).
 */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "cli/probe_command.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} commands[] = {
    {"probe", probe_command, "tell what an NFSv4 server offers"},
};

static void usage(FILE *out)
{
    fputs("usage: mainstay COMMAND [ARGUMENT]...\n\n", out);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].what);
}

int main(int argc, char **argv)
{
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
        usage(stdout);
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        puts("mainstay " MAINSTAY_VERSION);
        return 0;
    }
    for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    usage(stderr);
    return EXIT_USAGE;
}
