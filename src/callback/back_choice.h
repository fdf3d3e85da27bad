/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connections of a session over which a callback can be sent.  Those with the most recent
 * traffic come first, since they are the most likely to work.
 */
#pragma once

#include <stdint.h>

#include "base/limits.h"

struct back_link;
struct session;

struct back_choice {
    uint32_t count;
    struct {
        struct back_link *link; /* a reference; NULL: sending over it has failed */
        int64_t activity_ns;
    } of[LIMIT_SESSION_CONNECTIONS];
};

void back_choice_make(struct back_choice *choice, struct session *session);
void back_choice_drop(struct back_choice *choice);
