/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `mainstay probe`: arguments and exit status.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/command_line.h"
#include "cli/command.h"
#include "cli/probe.h"
#include "cli/probe_print.h"
#include "client/client_target.h"

static const char usage[] =
    "usage: mainstay probe HOST[:PORT] [--json]\n"
    "example: mainstay probe 127.0.0.1\n"
    "\n"
    "Reports what the NFSv4 server at HOST:PORT (or [ADDR6]:PORT; default port 2049) offers: minor\n"
    "versions, its identity, lease time, the session and its slots, file systems, supported\n"
    "attributes.  Uses the credentials of the calling user and changes nothing.\n"
    "\n"
    "  --json       one JSON object on stdout\n"
    "  -h, --help   show this\n";

static int run(const char *target, bool json)
{
    const struct client_cred cred = {.uid = geteuid(), .gid = getegid()};
    struct probe *probe;
    int code = COMMAND_OK;
    const char *complaint = client_target_lookup(target);

    if (complaint) {
        fprintf(stderr, "mainstay: probe of %s: %s\n", target, complaint);
        return COMMAND_FAILED;
    }
    probe = must_malloc(sizeof(*probe));
    if (!probe_run(probe, target, &cred)) {
        fprintf(stderr, "mainstay: probe of %s: %s\n", target, probe->error);
        code = COMMAND_FAILED;
    } else if (!json) {
        probe_print_text(probe);
    } else if (!probe_print_json(probe)) {
        fprintf(stderr, "mainstay: probe of %s: the report can't be written\n", target);
        code = COMMAND_FAILED;
    }
    probe_fini(probe);
    free(probe);
    return code;
}

static int refuse_option(int key, char **argv, const struct option *options)
{
    char text[256];

    fprintf(stderr, "mainstay: probe: %s (`mainstay probe --help` lists the options)\n",
            command_line_mistake(key, argv, options, text, sizeof(text)));
    return COMMAND_USAGE;
}

/* Expects one argument, the target. */
static int run_arguments(int count, char **arguments, bool json)
{
    char target[CLIENT_TARGET_BYTES];
    const char *mistake;

    if (count != 1) {
        fprintf(stderr,
                "mainstay: probe: expected one HOST[:PORT], got %d; for example "
                "mainstay probe 127.0.0.1\n",
                count);
        return COMMAND_USAGE;
    }
    mistake = client_target_parse(arguments[0], true, target);
    if (mistake) {
        fprintf(stderr, "mainstay: probe: '%s': %s\n", arguments[0], mistake);
        return COMMAND_USAGE;
    }
    return run(target, json);
}

int probe_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    bool json = false;
    int key;

    while ((key = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (key == 'h') {
            (void)fputs(usage, stdout);
            return COMMAND_OK;
        }
        if (key != 'j')
            return refuse_option(key, argv, options);
        json = true;
    }
    return run_arguments(argc - optind, argv + optind, json);
}
