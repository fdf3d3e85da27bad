/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attacking process: where it attacks from, its random numbers, what it has counted.  It works
 * in one thread until its time is over or it is killed, and gives nothing back: to the server it
 * vanishes.
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
    unsigned long answered, delayed, refused, broken; /* COMPOUNDs; connections lost */
    unsigned next;                                    /* for names */
};

bool attacker_is_over(const struct attacker *me);

/* A connection from its address, to a client's functions or to none; false: the server, or this
 * machine, has none for it. */
MUST_USE bool attacker_connect(struct attacker *me, struct client_conn *conn);
MUST_USE int attacker_socket(struct attacker *me, bool blocks);

/* A client of minor version 0, 1 or 2 with an owner of its own.  `callbacks` may be NULL. */
MUST_USE bool attacker_mount(struct attacker *me, uint32_t minor, struct client_mount *mount,
                             struct client_callbacks *callbacks);

/* Close without a word to the server. */
void attacker_drop(struct client_mount *mount);

/* Count an answer. */
void attacker_note(struct attacker *me, enum nfsstat4 status);

/* The export that is attacked, or a directory in it, made if it is not there.  False: no answer. */
MUST_USE bool attacker_dir(struct attacker *me, struct client_mount *mount, const char *export,
                           const char *name, struct client_fh *fh);

/* Text that nobody has used, or one of `count` that all use. */
const char *attacker_new_name(struct attacker *me, char name[64]);
const char *attacker_name(struct attacker *me, const char *prefix, unsigned count, char name[64]);

/* What must never happen has: it is on stdout, where the driver looks for it. */
void attacker_finding(const struct attacker *me, const char *what, enum nfsstat4 status);
