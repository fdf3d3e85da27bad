/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a path, and log lines about its changes. */
#pragma once

#include "callback/dial_out.h"

struct dial_path;

/* A change to be logged once the lock is released. */
struct dial_news {
    enum dial_path_state state; /* DIAL_PATH_NONE: no change */
    const char *why;
    int error;
};

void dial_news_state_locked(struct dial_path *path, enum dial_path_state state, const char *why,
                            int error, struct dial_news *news);

/* The path gets no answer: probe it again, a limited number of times. */
void dial_news_down_locked(struct dial_path *path, const char *why, int error,
                           struct dial_news *news);

void dial_news_tell(struct dial_path *path, const struct dial_news *news);
