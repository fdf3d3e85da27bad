/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the main thread has to do and may have to wait for a file system for.  It does none of that
 * itself: each chore is an errand (base/errand.h), and the timers go on.  For the main thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct admin;
struct errand;
struct reload;

struct chores {
    const struct reload *reload;
    struct admin *admin;
    bool hung_up;             /* SIGHUP came, and nothing was done about it yet */
    bool told;                /* that it has to wait */
    struct errand *hang_up;   /* NULL: none runs */
    struct errand *clean_out; /* the same: of exports_tick() */
};

/* Once a second, and after SIGHUP (`hung_up`).  The tokens and the configuration file are read
 * again.  If that is late (errand_is_late()), the log says which directory does not answer, and
 * what has not begun by then is not done later either. */
void chores_run(struct chores *chores, bool hung_up);

/* The chores that still run are nobody's any more. */
void chores_stop(struct chores *chores);
