/* SPDX-License-Identifier: Apache-2.0 */
/* What is known about a path, and the lines of the log about it. */
#pragma once

#include "callback/dial_out.h"

struct dial_path;

/* A change that is still to be told. */
struct dial_news {
    enum dial_path_state state; /* DIAL_PATH_NONE: there are none */
    const char *why;
    int error;
};

void dial_news_state_locked(struct dial_path *path, enum dial_path_state state, const char *why,
                            int error, struct dial_news *news);

/* It does not answer: look again, a few times. */
void dial_news_down_locked(struct dial_path *path, const char *why, int error,
                           struct dial_news *news);

void dial_news_tell(struct dial_path *path, const struct dial_news *news);
