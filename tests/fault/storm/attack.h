/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacks by name. Each goes on until the attacker's time is over or its connection breaks, and
 * is then begun again.
 */
#pragma once

#include "attacker.h"

struct attack {
    const char *name;
    void (*run)(struct attacker *me);
};

/* The attacks of each file; an entry without a name ends the array. */
extern const struct attack attack_callbacks[];   /* delegations held, recalled and disputed */
extern const struct attack attack_connections[]; /* connections without a client behind them */
extern const struct attack attack_intruders[];   /* clients that must be refused */
extern const struct attack attack_pipelines[];   /* as many COMPOUNDs as a session takes */
extern const struct attack attack_state[];       /* records of clients; sessions */
