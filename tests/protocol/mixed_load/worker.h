/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an actor does all the time: locks, opens that deny others, names that one at a time can
 * have, files that all read.
 */
#pragma once

#include "actor.h"

struct worker {
    struct actor actor;
    struct place ranges, own; /* open all the time */
    struct client_fh home;    /* a directory */
};

void worker_begin(struct worker *me);
void worker_turn(struct worker *me);

/* Close all; what stays in its files is what load->records says. */
void worker_end(struct worker *me);

/* The record of that number in the file of that actor. */
uint64_t worker_record(unsigned actor, uint32_t number);
