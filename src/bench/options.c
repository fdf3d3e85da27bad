/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/op.h"

static const char usage[] =
    "usage: mainstay-bench --target HOST:PORT --op OP [OPTION]...\n"
    "       mainstay-bench --target HOST:PORT --idle N [--pid PID]\n"
    "       mainstay-bench --target HOST:PORT --recalls N | --hostile WHAT\n"
    "\n"
    "The server must offer NFSv4.1.\n"
    "\n"
    "  --export PATH   where to work, from the root of the name space (default /)\n"
    "  --op OP         null seq getattr lookup access open-close create-remove readdir\n"
    "                  create remove rename read:SIZE write:SIZE write-sync:SIZE\n"
    "  --conns N       connections, each with a session of a client of its own (1)\n"
    "  --slots N       requests in flight on each (16)\n"
    "  --time S        seconds measured (5); --warmup S before that (0.5)\n"
    "  --pid PID       the server's process: tells CPU per operation and memory\n"
    "  --floor         answer canned replies of the server's lengths: what the system calls cost\n"
    "  --entries N     of the directory that readdir lists, or that remove empties (1000)\n"
    "  --uid N, --gid N  as whom to work (0)\n"
    "  --idle N        hold N connections with a session each, tell the server's memory\n"
    "  --kept BYTES    with --idle: each of their slots holds the reply of a READ of BYTES\n"
    "  --settle S      seconds before that memory is read (3)\n"
    "  --recalls N     open N files at a time that others have delegated and return at once\n"
    "  --hostile WHAT  for --time read nothing, while the server has replies, recalls or both\n"
    "  --json          one JSON object on stdout\n";

static int complain(const char *what, const char *text)
{
    (void)fprintf(stderr, "mainstay-bench: %s '%s'\n", what, text);
    return 2;
}

static bool number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && errno == 0 && *value >= min && *value <= max;
}

static bool hostile_option(const char *text, unsigned *what)
{
    *what = strcmp(text, "replies") == 0   ? HOSTILE_REPLIES
            : strcmp(text, "recalls") == 0 ? HOSTILE_RECALLS
            : strcmp(text, "both") == 0    ? HOSTILE_REPLIES | HOSTILE_RECALLS
                                           : 0;
    return *what != 0;
}

static bool u32_option(const char *text, uint32_t min, uint32_t max, uint32_t *value)
{
    uint64_t wide;

    if (!number(text, min, max, &wide))
        return false;
    *value = (uint32_t)wide;
    return true;
}

static bool seconds_option(const char *text, double *value)
{
    char *end;

    *value = strtod(text, &end);
    return end != text && !*end && *value >= 0 && *value <= 3600;
}

/* "read:4096" in place: the name and the size. */
static bool op_option(char *text, struct bench_options *options)
{
    char *colon = strchr(text, ':');

    if (colon)
        *colon = '\0';
    options->op = text;
    if (!bench_op_find(text))
        return false;
    if (!bench_op_find(text)->sized)
        return !colon;
    return colon && u32_option(colon + 1, 1, BENCH_IO_MAX, &options->size);
}

static bool apply(struct bench_options *o, int key, char *value)
{
    uint64_t pid;

    switch (key) {
    case 't':
        o->target = value;
        return true;
    case 'e':
        o->export = value;
        return true;
    case 'o':
        return op_option(value, o);
    case 'c':
        return u32_option(value, 1, BENCH_CONNS_MAX, &o->conns);
    case 's':
        return u32_option(value, 1, BENCH_SLOTS_MAX, &o->slots);
    case 'n':
        return u32_option(value, 1, 100000, &o->entries);
    case 'T':
        return seconds_option(value, &o->time_s) && o->time_s > 0;
    case 'w':
        return seconds_option(value, &o->warmup_s);
    case 'S':
        return seconds_option(value, &o->settle_s);
    case 'p':
        if (!number(value, 1, INT32_MAX, &pid))
            return false;
        o->pid = (pid_t)pid;
        return true;
    case 'u':
        return u32_option(value, 0, UINT32_MAX, &o->uid);
    case 'g':
        return u32_option(value, 0, UINT32_MAX, &o->gid);
    case 'i':
        return u32_option(value, 1, BENCH_IDLE_MAX, &o->idle);
    case 'k':
        return u32_option(value, 1, BENCH_IO_MAX, &o->kept);
    case 'r':
        return u32_option(value, 1, BENCH_RECALLS_MAX, &o->recalls);
    case 'H':
        return hostile_option(value, &o->hostile);
    case 'f':
        o->floor = true;
        return true;
    default:
        o->json = true;
        return true;
    }
}

int options_parse(struct bench_options *options, int argc, char **argv)
{
    static const struct option known[] = {
        {"target", required_argument, NULL, 't'},  {"export", required_argument, NULL, 'e'},
        {"op", required_argument, NULL, 'o'},      {"conns", required_argument, NULL, 'c'},
        {"slots", required_argument, NULL, 's'},   {"time", required_argument, NULL, 'T'},
        {"warmup", required_argument, NULL, 'w'},  {"pid", required_argument, NULL, 'p'},
        {"uid", required_argument, NULL, 'u'},     {"gid", required_argument, NULL, 'g'},
        {"entries", required_argument, NULL, 'n'}, {"idle", required_argument, NULL, 'i'},
        {"kept", required_argument, NULL, 'k'},    {"settle", required_argument, NULL, 'S'},
        {"floor", no_argument, NULL, 'f'},         {"json", no_argument, NULL, 'j'},
        {"recalls", required_argument, NULL, 'r'}, {"hostile", required_argument, NULL, 'H'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    int key, index = 0;

    *options = (struct bench_options){
        .export = "/",
        .conns = 1,
        .slots = 16,
        .entries = 1000,
        .time_s = 5,
        .warmup_s = 0.5,
        .settle_s = 3,
    };
    while ((key = getopt_long(argc, argv, "", known, &index)) != -1) {
        if (key == 'h') {
            (void)fputs(usage, stdout);
            return -1;
        }
        if (key == '?')
            return 2; /* getopt has complained */
        if (!apply(options, key, optarg))
            return complain(known[index].name, optarg);
    }
    if (optind < argc)
        return complain("unexpected argument", argv[optind]);
    if (!options->target ||
        (!options->op && !options->idle && !options->recalls && !options->hostile)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    return 0;
}
