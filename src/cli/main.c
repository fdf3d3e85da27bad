/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mainstay: the command line.  The first argument names a command; the rest is its own affair.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/guess.h"
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
    "  probe HOST[:PORT]   tell what an NFSv4 server offers\n"
    "\n"
    "  -h, --help; --version; `mainstay COMMAND --help` tells more about a command\n"
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

static int refuse(const char *name)
{
    char hint[GUESS_HINT_BYTES];
    struct guess guess;

    guess_init(&guess, name, strlen(name));
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        guess_offer(&guess, commands[i].name);
    fprintf(stderr, "mainstay: unknown %s '%s'%s (--help lists them)\n",
            *name == '-' ? "option" : "command", name, guess_hint(&guess, "", hint, sizeof(hint)));
    return COMMAND_USAGE;
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
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        (void)fputs(usage, stdout);
        return finish(COMMAND_OK);
    }
    if (strcmp(name, "--version") == 0) {
        (void)puts("mainstay " MAINSTAY_VERSION);
        return finish(COMMAND_OK);
    }
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        if (strcmp(name, commands[i].name) == 0)
            return finish(commands[i].run(argc - 1, argv + 1));
    return refuse(name);
}
