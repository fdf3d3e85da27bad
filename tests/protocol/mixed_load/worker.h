/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps that an actor repeats: locks, opens that deny others, names that one actor at a time
 * can own, files that all read.
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

/* Close all files; their contents must match load->records. */
void worker_end(struct worker *me);

/* The record of that number in the file of that actor. */
uint64_t worker_record(unsigned actor, uint32_t number);
