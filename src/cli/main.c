/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mainstay: the command line tool.  Parses what was typed by the table of commands, and runs the
 * command or prints the help that was asked for.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command_table.h"
#include "cli/help.h"
#include "cli/invocation.h"
#include "cli/manual.h"
#include "cli/version.h"

/* Whoever read the output has seen enough: end as other programs do then. */
static void end_with_reader(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

    if (poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP))) {
        (void)signal(SIGPIPE, SIG_DFL);
        (void)raise(SIGPIPE);
    }
}

/* Output that could not be written is a failure. */
static int finish(int code)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        int error = errno;

        end_with_reader();
        errno = error;
        perror("mainstay: stdout");
        return COMMAND_FAILED;
    }
    return code;
}

static void help_print(const struct invocation *call, bool whole_noun)
{
    if (!call->command)
        help_print_all(call->table, stdout);
    else if (whole_noun)
        help_print_noun(call->table, call->command->noun, stdout);
    else
        help_print_command(call->command, stdout);
}

static int run(const struct invocation *call, enum invocation_result parsed, bool whole_noun)
{
    switch (parsed) {
    case INVOCATION_RUN:
        return finish(call->command->run(call));
    case INVOCATION_NOTHING:
        help_print_all(call->table, stderr);
        return COMMAND_USAGE;
    case INVOCATION_HELP:
        help_print(call, whole_noun);
        return finish(COMMAND_OK);
    case INVOCATION_VERSION:
        version_print(stdout);
        return finish(COMMAND_OK);
    case INVOCATION_MAN:
        manual_print(call->table, stdout);
        return finish(COMMAND_OK);
    case INVOCATION_WRONG:
        return COMMAND_USAGE;
    }
    return COMMAND_USAGE;
}

int main(int argc, char **argv)
{
    struct invocation call;
    enum invocation_result parsed;
    bool whole_noun;
    int code;

    (void)signal(SIGPIPE, SIG_IGN);
    parsed = invocation_parse(&call, &command_table, argc, argv, &whole_noun);
    code = run(&call, parsed, whole_noun);
    invocation_fini(&call);
    return code;
}
