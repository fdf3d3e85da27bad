/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of what the log says: every event that the server logs has a row here, of which
 * docs/events.md is made.  docs.events holds it against the calls that log.
 */
#pragma once

#include <stddef.h>

struct event {
    const char *name;
    const char *levels;  /* "info", or "info, error": one of these */
    const char *fields;  /* their keys, with spaces between; "..." stands for counters */
    const char *meaning; /* as Markdown, which names fields as `field` */
    const char *remedy;  /* what an administrator can do; NULL: nothing is wrong */
};

extern const struct event event_table[];
extern const size_t event_count;
