/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacks by name.  Each goes on until the attacker's time is over or until it was cut off, and
 * is then begun again.
 */
#pragma once

#include "attacker.h"

struct attack {
    const char *name;
    void (*run)(struct attacker *me);
};

/* Of each file, ended by one without a name. */
extern const struct attack attack_callbacks[];   /* delegations held, recalled and disputed */
extern const struct attack attack_connections[]; /* connections without a client behind them */
extern const struct attack attack_intruders[];   /* who must not get anywhere */
extern const struct attack attack_pipelines[];   /* COMPOUNDs as many as a session takes */
extern const struct attack attack_state[];       /* records of clients, sessions */
