/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that keeps a COMPOUND in each slot of its session: as soon as one is answered, it sends
 * the next one.
 */
#pragma once

#include "attacker.h"

struct pipeline {
    struct attacker *me;
    struct client_mount mount;
    struct client_fh dir, file;
    struct stateid4 stateid; /* of the file, if one was opened */
    bool mutates;            /* change words of what is sent at random */
};

/* Append what is to be sent behind SEQUENCE. */
typedef void (*pipeline_fill)(struct pipeline *p, struct client_compound *c);

/* Run on the mount in `p`, until the connection breaks or the time is over; then drop the mount. */
void pipeline_run(struct pipeline *p, unsigned slots, pipeline_fill fill);

/* Connect first, in minor version 1 or 2, and use directory `name` of an export; with `open`, open
 * a file there. */
void pipeline_attack(struct attacker *me, const char *export, const char *name, const char *open,
                     unsigned slots, pipeline_fill fill);

/* Change some of its words, behind SEQUENCE if there is one, to values that may confuse a
 * decoder. */
void pipeline_mutate(struct pipeline *p, struct client_compound *c);
