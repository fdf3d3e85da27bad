/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that has a COMPOUND in each slot of its session, always: as soon as one is answered the
 * next one is sent.
 */
#pragma once

#include "attacker.h"

struct pipeline {
    struct attacker *me;
    struct client_mount mount;
    struct client_fh dir, file;
    struct stateid4 stateid; /* of the file, if it was opened */
    bool mutates;            /* words of what is sent are changed at random */
};

/* Appends what is to be sent behind SEQUENCE. */
typedef void (*pipeline_fill)(struct pipeline *p, struct client_compound *c);

/* From the mount in `p` on, until the connection breaks or the time is over; then the mount is
 * dropped. */
void pipeline_run(struct pipeline *p, unsigned slots, pipeline_fill fill);

/* The same from connecting on, in minor version 1 or 2: in directory `name` of an export; with
 * `open` a file there is open. */
void pipeline_attack(struct attacker *me, const char *export, const char *name, const char *open,
                     unsigned slots, pipeline_fill fill);

/* Change some words of it, behind SEQUENCE if there is one, to what a decoder may stumble over. */
void pipeline_mutate(struct pipeline *p, struct client_compound *c);
