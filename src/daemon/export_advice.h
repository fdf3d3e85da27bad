/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Warnings about the exports of a change: found before the change is made, when it can still be
 * given up if a file system hangs, and told when it has been made.  For one thread.
 */
#pragma once

#include "admin/export_control.h"
#include "daemon/listening.h"

struct export_warning;

struct export_advice {
    const struct listening_addresses *at;
    uint32_t count;
    struct export_warning *warnings;
};

/* Let `report` have the exports looked at, as they are served at these addresses, which stay. */
void export_advice_begin(struct export_advice *advice, const struct listening_addresses *at,
                         struct export_report *report);

/* The change was made: log what was found, and make a line of `report` of each. */
void export_advice_tell(const struct export_advice *advice, const struct export_report *report);

void export_advice_end(struct export_advice *advice);
