/* SPDX-License-Identifier: Apache-2.0 */
/* What `mainstay top` looks at: one of its views, perhaps of one client or one session. */
#pragma once

#include <stdbool.h>

enum top_view_id {
    TOP_OPERATIONS,
    TOP_CLIENTS,
    TOP_SESSIONS,
    TOP_CALLBACKS,
    TOP_RECALLS,
    TOP_WAITS,
    TOP_LOOPS,
    TOP_LISTS,              /* so many have a key of their own; the others are reached by Enter: */
    TOP_CLIENT = TOP_LISTS, /* the sessions of a client */
    TOP_SESSION,            /* the slots of a session */
    TOP_VIEW_COUNT,
};

enum {
    TOP_ID_BYTES = 36
};

struct top_place {
    enum top_view_id view;
    char id[TOP_ID_BYTES]; /* of TOP_CLIENT and TOP_SESSION */
};
