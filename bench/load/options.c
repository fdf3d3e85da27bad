/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/options.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/command_line.h"
#include "base/guess.h"
#include "base/man_page.h"
#include "bench/load/hold.h"
#include "bench/load/op.h"
#include "bench/load/version.h"
#include "client/client_target.h"

static const char usage[] =
    "usage: mainstay-bench --target HOST[:PORT] --op OP [OPTION]...\n"
    "       mainstay-bench --target HOST[:PORT] --idle N [--pid PID]\n"
    "       mainstay-bench --target HOST[:PORT] --recalls N | --hostile WHAT | --hold KIND:N\n"
    "example: mainstay-bench --target 127.0.0.1:2049 --op read:65536\n"
    "\n"
    "The server must offer NFSv4.1, or 4.0 with --minor 0; its port is 2049 unless given.\n"
    "read-plus, copy, getxattr and setxattr are of NFSv4.2.\n"
    "\n"
    "  --export PATH   where to work, from the root of the name space (default /)\n"
    "  --op OP         null seq getattr lookup access open-close create-remove readdir\n"
    "                  create remove rename read:SIZE write:SIZE write-sync:SIZE\n"
    "                  list open-wish lock\n"
    "                  read-plus:SIZE copy:SIZE getxattr:SIZE setxattr:SIZE\n"
    "  --minor N       minor version for --op: 0, 1 or 2 (1; 2 for operations that need it).  With\n"
    "                  0, seq, open-wish and lock do not work\n"
    "  --conns N       connections, each with a session of a client of its own (1)\n"
    "  --slots N       requests in flight on each connection (16)\n"
    "  --time S        seconds to measure (5)\n"
    "  --count N       end after N operations on each connection, if that is earlier\n"
    "  --warmup S      seconds before that, which are not measured (0.5)\n"
    "  --pid PID       the server's process: report CPU per operation, and memory\n"
    "  --floor         measure canned replies of the same lengths: the cost of the system calls\n"
    "  --floor-sendfile  the same, with replies above 16 KiB sent by sendfile from a tmpfs, in turn\n"
    "                  from as many places as one connection reads\n"
    "  --floor-cpu N   processor for the process that sends these replies (that of the bench)\n"
    "  --entries N     entries of the directory that readdir and list read or remove empties (1000)\n"
    "  --dir NAME      work in this directory of the export: what was made by --hold, with N files\n"
    "                  or locks of --entries N\n"
    "  --lane N        number of the first connection: with --dir, names that are created contain\n"
    "                  it, so that several of these programs can work in one directory (0)\n"
    "  --uid N, --gid N  credentials of the requests (0)\n"
    "  --sec FLAVOR    security flavor: sys, none, krb5, krb5i or krb5p (sys)\n"
    "  --tls           RPC-with-TLS; with\n"
    "  --tls-ca FILE     certificates to trust (those of the system)\n"
    "  --tls-cert FILE   an own certificate, and its chain\n"
    "  --tls-key FILE    its key, unless it is in that file\n"
    "  --tls-name NAME   name in the server's certificate (HOST)\n"
    "  --idle N        hold N connections with a session each; report the server's memory\n"
    "  --kept BYTES    with --idle: each slot has a cached reply to a READ of BYTES\n"
    "  --settle S      with --idle: seconds before memory is measured (3)\n"
    "  --recalls N     open N files at a time; their delegations are returned when recalled\n"
    "  --hostile WHAT  read nothing for --time seconds while the server sends replies, recalls\n"
    "                  or both\n"
    "  --hold KIND:N   hold N opens, files (that are open), locks, delegations, names, sessions or\n"
    "                  connections until the input ends, after printing \"ready\"\n"
    "  --json          one JSON object on stdout\n"
    "  --version       print the version, and what it was built from\n"
    "  --man           print the manual page, mainstay-bench(1)\n"
    "  -h, --help      show this\n";

/* Of options that secure the connections. */
enum {
    KEY_SEC = 256,
    KEY_TLS,
    KEY_TLS_CA,
    KEY_TLS_CERT,
    KEY_TLS_KEY,
    KEY_TLS_NAME,
    KEY_HOLD,
    KEY_COUNT,
    KEY_LANE,
    KEY_MINOR,
    KEY_FLOOR_FILE,
    KEY_FLOOR_CPU,
};

static const struct option known[] = {
    {"target", required_argument, NULL, 't'},
    {"export", required_argument, NULL, 'e'},
    {"op", required_argument, NULL, 'o'},
    {"minor", required_argument, NULL, KEY_MINOR},
    {"conns", required_argument, NULL, 'c'},
    {"slots", required_argument, NULL, 's'},
    {"time", required_argument, NULL, 'T'},
    {"count", required_argument, NULL, KEY_COUNT},
    {"warmup", required_argument, NULL, 'w'},
    {"pid", required_argument, NULL, 'p'},
    {"uid", required_argument, NULL, 'u'},
    {"gid", required_argument, NULL, 'g'},
    {"entries", required_argument, NULL, 'n'},
    {"lane", required_argument, NULL, KEY_LANE},
    {"dir", required_argument, NULL, 'd'},
    {"hold", required_argument, NULL, KEY_HOLD},
    {"idle", required_argument, NULL, 'i'},
    {"kept", required_argument, NULL, 'k'},
    {"settle", required_argument, NULL, 'S'},
    {"floor", no_argument, NULL, 'f'},
    {"floor-sendfile", no_argument, NULL, KEY_FLOOR_FILE},
    {"floor-cpu", required_argument, NULL, KEY_FLOOR_CPU},
    {"json", no_argument, NULL, 'j'},
    {"sec", required_argument, NULL, KEY_SEC},
    {"tls", no_argument, NULL, KEY_TLS},
    {"tls-ca", required_argument, NULL, KEY_TLS_CA},
    {"tls-cert", required_argument, NULL, KEY_TLS_CERT},
    {"tls-key", required_argument, NULL, KEY_TLS_KEY},
    {"tls-name", required_argument, NULL, KEY_TLS_NAME},
    {"recalls", required_argument, NULL, 'r'},
    {"hostile", required_argument, NULL, 'H'},
    {"version", no_argument, NULL, 'V'},
    {"man", no_argument, NULL, 'm'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* The values that an option accepts, by `key`. */
static const char *expected(int key)
{
    switch (key) {
    case 'c':
        return "1 to 4096 connections";
    case 's':
        return "1 to 1024 slots";
    case 'n':
        return "1 to 2000000 entries";
    case 'T':
        return "more than 0 and at most 3600 seconds, for example 0.5";
    case 'w':
    case 'S':
        return "0 to 3600 seconds, for example 0.5";
    case 'p':
        return "the number of a process, for example $(pidof mainstayd)";
    case 'u':
    case 'g':
        return "0 to 4294967295, for example 1000";
    case 'i':
        return "1 to 50000 connections";
    case 'k':
        return "1 to 8388608 bytes";
    case 'r':
        return "1 to 2000 files";
    case KEY_FLOOR_CPU:
        return "the number of a processor: 0 to 1023";
    case KEY_LANE:
        return "0 to 4095";
    case KEY_MINOR:
        return "0, 1 or 2";
    case KEY_COUNT:
        return "1 to 4294967295 operations";
    case KEY_HOLD:
        return "opens, files, locks, delegations, names, sessions or connections, and their "
               "number: opens:1000";
    default:
        return "replies, recalls or both";
    }
}

_Static_assert(BENCH_CONNS_MAX == 4096 && BENCH_SLOTS_MAX == 1024 && BENCH_IDLE_MAX == 50000 &&
                   BENCH_RECALLS_MAX == 2000 && BENCH_IO_MAX == 8388608 &&
                   BENCH_ENTRIES_MAX == 2000000,
               "expected() has these numbers");

static int complain(const char *option, const char *value, const char *why)
{
    (void)fprintf(stderr, "mainstay-bench: --%s '%s': %s\n", option, value, why);
    return OPTIONS_MISTAKE;
}

static int complain_of_all(const char *why)
{
    (void)fprintf(stderr, "mainstay-bench: %s (--help lists the options)\n", why);
    return OPTIONS_MISTAKE;
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

/* Split "opens:1000" in place. */
static bool hold_option(char *text, struct bench_options *options)
{
    char *colon = strchr(text, ':');

    if (!colon)
        return false;
    *colon = '\0';
    options->hold = text;
    if (hold_known(text) && u32_option(colon + 1, 1, BENCH_HOLD_MAX, &options->hold_count))
        return true;
    *colon = ':'; /* for the message */
    return false;
}

static bool seconds_option(const char *text, double *value)
{
    char *end;

    *value = strtod(text, &end);
    return end != text && !*end && *value >= 0 && *value <= 3600;
}

static int complain_of_op(const char *name)
{
    char hint[GUESS_HINT_BYTES], why[GUESS_HINT_BYTES + 64];
    struct guess guess;

    guess_init(&guess, name, strlen(name));
    bench_op_offer(&guess);
    (void)snprintf(why, sizeof(why), "unknown operation%s (--help lists them)",
                   guess_hint(&guess, "", hint, sizeof(hint)));
    return complain("op", name, why);
}

/* Split "read:4096" in place into name and size. */
static int op_option(char *text, struct bench_options *options)
{
    char *colon = strchr(text, ':');
    const struct bench_op *op;
    char why[128];

    if (colon)
        *colon = '\0';
    options->op = text;
    op = bench_op_find(text);
    if (!op)
        return complain_of_op(text);
    if (op->size_max == 0)
        return colon ? complain("op", text, "this operation takes no size") : 0;
    if (colon && u32_option(colon + 1, 1, op->size_max, &options->size))
        return 0;
    (void)snprintf(why, sizeof(why), "expected %s:SIZE with 1 to %u bytes, for example %s:65536",
                   text, op->size_max, text);
    return complain("op", text, why);
}

static int target_option(const char *text, struct bench_options *options)
{
    static char target[CLIENT_TARGET_BYTES];
    const char *mistake = client_target_parse(text, true, target);

    options->target = target;
    return mistake ? complain("target", text, mistake) : 0;
}

static bool secure_apply(struct client_security_option *o, int key, const char *value)
{
    switch (key) {
    case KEY_SEC:
        o->sec = value;
        return true;
    case KEY_TLS:
        o->tls = true;
        return true;
    case KEY_TLS_CA:
        o->ca = value;
        return true;
    case KEY_TLS_CERT:
        o->cert = value;
        return true;
    case KEY_TLS_KEY:
        o->key = value;
        return true;
    case KEY_TLS_NAME:
        o->name = value;
        return true;
    default:
        return false;
    }
}

static bool apply(struct bench_options *o, int key, char *value)
{
    uint64_t pid;

    if (secure_apply(&o->secure, key, value))
        return true;
    switch (key) {
    case 'e':
        o->export = value;
        return true;
    case 'c':
        return u32_option(value, 1, BENCH_CONNS_MAX, &o->conns);
    case 's':
        return u32_option(value, 1, BENCH_SLOTS_MAX, &o->slots);
    case 'n':
        return u32_option(value, 1, BENCH_ENTRIES_MAX, &o->entries);
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
    case 'd':
        o->dir = value;
        return true;
    case KEY_LANE:
        return u32_option(value, 0, BENCH_CONNS_MAX - 1, &o->first_lane);
    case KEY_MINOR:
        return u32_option(value, 0, 2, &o->minor);
    case KEY_COUNT:
        return u32_option(value, 1, UINT32_MAX, &o->count);
    case KEY_HOLD:
        return hold_option(value, o);
    case KEY_FLOOR_CPU:
        o->floor_cpu = (int)strtol(value, NULL, 10);
        return u32_option(value, 0, CPU_SETSIZE - 1, &(uint32_t){0});
    case KEY_FLOOR_FILE:
        o->floor_file = true;
        __attribute__((fallthrough));
    case 'f':
        o->floor = true;
        return true;
    default:
        o->json = true;
        return true;
    }
}

static int take(struct bench_options *options, int key, int index, char **argv)
{
    char text[256], why[128];

    switch (key) {
    case '?':
    case ':':
        return complain_of_all(command_line_mistake(key, argv, known, text, sizeof(text)));
    case 'o':
        return op_option(optarg, options);
    case 't':
        return target_option(optarg, options);
    default:
        if (apply(options, key, optarg))
            return 0;
        (void)snprintf(why, sizeof(why), "expected %s", expected(key));
        return complain(known[index].name, optarg, why);
    }
}

/* These options exclude each other. */
static unsigned run_count(const struct bench_options *options)
{
    return (options->op != NULL) + (options->idle > 0) + (options->recalls > 0) +
           (options->hostile != 0) + (options->hold != NULL);
}

/* The operation, in the minor version that was asked for. */
static int check_op(struct bench_options *options)
{
    const struct bench_op *op = options->op ? bench_op_find(options->op) : NULL;
    const uint32_t needed = !op ? 0 : op->minor ? op->minor : op->session;

    if (options->minor != BENCH_MINOR_ANY && !op)
        return complain_of_all("--minor goes with --op only");
    if (options->minor == BENCH_MINOR_ANY)
        options->minor = needed ? needed : 1;
    if (options->minor < needed)
        return complain("op", op->name, needed == 2 ? "needs --minor 2" : "needs --minor 1 or 2");
    if (options->dir && (!op || !op->in_dir))
        return complain_of_all("--dir goes with getattr, access, lookup, open-close, open-wish, "
                               "readdir, list, lock, create and create-remove only");
    return 0;
}

static int check_all(struct bench_options *options)
{
    const char *mistake = client_security_option_parse(&options->secure, &options->security);

    if (mistake)
        return complain_of_all(mistake);
    if (!options->target)
        return complain_of_all("--target is missing, for example --target 127.0.0.1:2049");
    if (run_count(options) == 0)
        return complain_of_all("nothing to do: give --op, --idle, --recalls, --hostile or --hold, "
                               "for example --op getattr");
    if (run_count(options) > 1)
        return complain_of_all("--op, --idle, --recalls, --hostile and --hold exclude each other");
    if (options->kept && !options->idle)
        return complain_of_all("--kept goes with --idle only");
    if (options->floor_cpu >= 0 && !options->floor)
        return complain_of_all("--floor-cpu goes with --floor only");
    if (options->floor && !options->op)
        return complain_of_all("--floor goes with --op only");
    if (options->floor && (options->secure.sec || options->secure.tls))
        return complain_of_all("--floor can't be secured");
    return check_op(options);
}

static void manual_print(void)
{
    static const char *const others[] = {"mainstayd(8)", "mainstay(1)", NULL};

    man_page_begin(stdout, "mainstay-bench", 1, "measure an NFS server");
    man_page_usage(stdout, usage);
    man_page_see_also(stdout, others);
}

int options_parse(struct bench_options *options, int argc, char **argv)
{
    int key, index = 0, mistake;

    *options = (struct bench_options){
        .export = "/",
        .conns = 1,
        .floor_cpu = -1,
        .minor = BENCH_MINOR_ANY,
        .slots = 16,
        .entries = 1000,
        .time_s = 5,
        .warmup_s = 0.5,
        .settle_s = 3,
    };
    while ((key = getopt_long(argc, argv, ":h", known, &index)) != -1) {
        if (key == 'h') {
            (void)fputs(usage, stdout);
            return OPTIONS_HELP;
        }
        if (key == 'V') {
            version_print(stdout);
            return OPTIONS_HELP;
        }
        if (key == 'm') {
            manual_print();
            return OPTIONS_HELP;
        }
        mistake = take(options, key, index, argv);
        if (mistake)
            return mistake;
    }
    if (optind < argc) {
        (void)fprintf(stderr,
                      "mainstay-bench: unexpected argument '%s' (--help lists the options)\n",
                      argv[optind]);
        return OPTIONS_MISTAKE;
    }
    return check_all(options);
}
