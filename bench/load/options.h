/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of mainstay-bench. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "client/client_security_option.h"

#define BENCH_CONNS_MAX 4096u
#define BENCH_SLOTS_MAX 1024u
#define BENCH_IDLE_MAX 50000u
#define BENCH_RECALLS_MAX 2000u
#define BENCH_IO_MAX (8u << 20)
#define BENCH_ENTRIES_MAX 2000000u
#define BENCH_MINOR_ANY UINT32_MAX
#define BENCH_HOLD_MAX 2000000u

enum bench_hostile {
    HOSTILE_REPLIES = 1,
    HOSTILE_RECALLS = 2,
};

struct bench_options {
    const char *target; /* HOST:PORT */
    const char *export; /* path below the root of the name space */
    const char *op;     /* name, without the size */
    const char *dir;    /* name of the directory to work in; NULL: one is made */
    const char *hold;   /* what to hold; NULL: run `op` */
    uint32_t hold_count;
    uint32_t size;       /* of read:SIZE and the like */
    uint32_t minor;      /* version */
    uint32_t first_lane; /* number of the first connection */
    uint32_t conns, slots, entries;
    uint32_t count; /* of operations on each connection; 0: for `time_s` */
    double time_s, warmup_s;
    pid_t pid; /* of the server; 0: unknown */
    uint32_t uid, gid;
    struct client_security_option secure; /* as given */
    struct client_security security;      /* made of it */
    uint32_t idle;                        /* number of connections to hold open; 0: run `op` */
    uint32_t kept;                        /* bytes of the READ whose reply each slot caches */
    double settle_s;
    uint32_t recalls; /* number of concurrent recalls; 0: run `op` */
    unsigned hostile; /* behave as a client that reads nothing: enum bench_hostile; 0: do not */
    bool floor;       /* measure canned replies instead of the server */
    bool floor_file;  /* long ones are sent from a file */
    int floor_cpu;    /* processor of the process that sends them; -1: any */
    bool json;
};

enum {
    OPTIONS_HELP = -1,   /* --help, --version, --man: printed */
    OPTIONS_MISTAKE = 2, /* after an error message; the exit status */
};

/* 0, or one of these. */
int options_parse(struct bench_options *options, int argc, char **argv);
