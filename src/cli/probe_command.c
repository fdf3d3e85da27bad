/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `mainstay probe`: its arguments, its exit codes.
 */
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/probe.h"

static const char usage[] =
    "usage: mainstay probe HOST:PORT [--json]\n"
    "\n"
    "Tells what the NFSv4 server at HOST:PORT (or [ADDR6]:PORT) offers: minor versions, who it\n"
    "says it is, lease time, the session and its slots, file systems, attributes supported.\n"
    "It asks as the calling user and changes nothing.\n"
    "\n"
    "  --json   one JSON object on stdout\n"
    "  --help\n";

/* HOST:PORT or [ADDR6]:PORT with a port number. */
static bool target_valid(const char *target)
{
    const char *colon = strrchr(target, ':');
    char *end;
    long port;

    if (!colon || colon == target || colon[1] < '0' || colon[1] > '9')
        return false;
    port = strtol(colon + 1, &end, 10);
    if (*end || port < 1 || port > 65535)
        return false;
    if (*target == '[')
        return colon - target > 2 && colon[-1] == ']';
    return !memchr(target, ':', (size_t)(colon - target));
}

/* Why there is no such host, or NULL. */
static const char *host_complaint(const char *target)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    char *host = must_strdup(target);
    char *name = *host == '[' ? host + 1 : host;
    int error;

    *strrchr(host, ':') = '\0';
    if (name != host)
        name[strlen(name) - 1] = '\0';
    error = getaddrinfo(name, NULL, &hints, &found);
    if (error == 0)
        freeaddrinfo(found);
    free(host);
    return error == 0 ? NULL : gai_strerror(error);
}

static int run(const char *target, bool json)
{
    const struct client_cred cred = {.uid = geteuid(), .gid = getegid()};
    struct probe *probe;
    int code = COMMAND_OK;
    const char *complaint = host_complaint(target);

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

int probe_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    bool json = false;
    int key;

    opterr = 0;
    while ((key = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (key == 'h') {
            (void)fputs(usage, stdout);
            return COMMAND_OK;
        }
        if (key != 'j') {
            fprintf(stderr, "mainstay: probe does not know '%s'\n", argv[optind - 1]);
            return COMMAND_USAGE;
        }
        json = true;
    }
    if (optind != argc - 1) {
        (void)fputs(usage, stderr);
        return COMMAND_USAGE;
    }
    if (!target_valid(argv[optind])) {
        fprintf(stderr, "mainstay: probe wants HOST:PORT or [ADDR6]:PORT, not '%s'\n",
                argv[optind]);
        return COMMAND_USAGE;
    }
    return run(argv[optind], json);
}
