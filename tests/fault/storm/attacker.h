/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attacking process: its address, its random numbers, its counters. It works in one thread
 * until its time is over or it is killed, and closes nothing: to the server it vanishes.
 */
#pragma once

#include "client/client_file.h"
#include "protocol/exactly_once/random.h"

enum {
    ATTACKER_TIMEOUT_MS = 20000,
    ATTACKER_PAUSE_MS = 20, /* before it begins again */
};

struct attacker {
    const char *name;
    const char *target, *host; /* 10.77.0.1:2049 */
    uint16_t port;
    const char *source; /* an address of this machine */
    struct random random;
    int64_t end_ms;
    unsigned long answered, delayed, refused, broken; /* answers to COMPOUNDs; connections lost */
    unsigned next;                                    /* for names */
};

bool attacker_is_over(const struct attacker *me);

/* Connect from its address, with or without the client's callbacks; false: the server refuses, or
 * this machine has no port left. */
MUST_USE bool attacker_connect(struct attacker *me, struct client_conn *conn);
MUST_USE int attacker_socket(struct attacker *me, bool blocks);

/* A client of minor version 0, 1 or 2 with an owner of its own.  `callbacks` may be NULL. */
MUST_USE bool attacker_mount(struct attacker *me, uint32_t minor, struct client_mount *mount,
                             struct client_callbacks *callbacks);

/* Close without telling the server. */
void attacker_drop(struct client_mount *mount);

/* Count an answer. */
void attacker_note(struct attacker *me, enum nfsstat4 status);

/* The export under attack, or a directory in it, created when missing. False: no answer. */
MUST_USE bool attacker_dir(struct attacker *me, struct client_mount *mount, const char *export,
                           const char *name, struct client_fh *fh);

/* A name that was never used, or one of `count` that all attackers share. */
const char *attacker_new_name(struct attacker *me, char name[64]);
const char *attacker_name(struct attacker *me, const char *prefix, unsigned count, char name[64]);

/* Report what must never happen on stdout, where the driver looks for it. */
void attacker_finding(const struct attacker *me, const char *what, enum nfsstat4 status);
