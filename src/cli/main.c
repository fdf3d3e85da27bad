/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mainstay: the command line.  The first argument names a command; the rest is its own affair.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "cli/command.h"
#include "client/client_conn.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"probe", probe_command},
};

static const char usage[] =
    "usage: mainstay COMMAND [ARGUMENT]...\n"
    "\n"
    "  probe HOST:PORT   tell what an NFSv4 server offers\n"
    "\n"
    "  --help, --version; `mainstay COMMAND --help` tells more about a command\n"
    "\n"
    "exit status: 0, 1 when a command failed, 2 when it was not understood\n";

/* A report that did not reach its reader is a failure. */
static int finish(int code)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("mainstay: stdout");
        return COMMAND_FAILED;
    }
    return code;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;

    (void)signal(SIGPIPE, SIG_IGN);
    client_conn_reserve_ports();
    if (!name) {
        (void)fputs(usage, stderr);
        return COMMAND_USAGE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "--version") == 0) {
        (void)fputs(name[2] == 'h' ? usage : "mainstay " MAINSTAY_VERSION "\n", stdout);
        return finish(COMMAND_OK);
    }
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        if (strcmp(name, commands[i].name) == 0)
            return finish(commands[i].run(argc - 1, argv + 1));
    fprintf(stderr, "mainstay: there is no command '%s'; --help lists them\n", name);
    return COMMAND_USAGE;
}
