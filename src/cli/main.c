/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mainstay: the command-line tool.  The first argument names a command, which parses the rest.
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
    "  probe HOST[:PORT]   report what an NFSv4 server offers\n"
    "\n"
    "  -h, --help; --version; `mainstay COMMAND --help` describes a command\n"
    "\n"
    "exit status: 0 on success, 1 if the command failed, 2 on a usage error\n";

/* Output that could not be written is a failure. */
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
