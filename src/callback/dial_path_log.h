/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a path, and log lines about its changes. */
#pragma once

#include "callback/dial_out.h"

struct dial_path;

/* A change to be logged once the lock is released. */
struct dial_path_log {
    enum dial_path_state state; /* DIAL_PATH_NONE: no change */
    const char *why;
    int error;
};

void dial_path_log_state_locked(struct dial_path *path, enum dial_path_state state, const char *why,
                                int error, struct dial_path_log *entry);

/* The path gets no answer: probe it again, a limited number of times. */
void dial_path_log_down_locked(struct dial_path *path, const char *why, int error,
                               struct dial_path_log *entry);

void dial_path_log_write(struct dial_path *path, const struct dial_path_log *entry);
