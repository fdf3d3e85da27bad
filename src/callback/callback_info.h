/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Information for users about the ways to clients.  Each function holds one lock at a time, which
 * only callbacks of one client take, for some microseconds.
 */
#pragma once

#include <stdint.h>

#include "callback/callback_backlog.h"

struct callback;
struct client_info;

enum callback_path {
    CALLBACK_PATH_NONE,    /* the client wants no callbacks, or gave no usable address */
    CALLBACK_PATH_DOWN,    /* it does not answer, or not yet; or no connection is bound */
    CALLBACK_PATH_UP,      /* as far as is known */
    CALLBACK_PATH_REFUSED, /* it refuses callbacks as a whole */
};

enum callback_path callback_path_of(const struct callback *callback,
                                    const struct client_info *client);

/* "none", "down", "up" or "refused". */
const char *callback_path_name(enum callback_path path);

/* Callbacks that wait for this session's client, or for a client of 4.0. */
void callback_backlog_of_session(const struct callback *callback, const uint8_t *sessionid,
                                 int64_t now_ns, struct callback_backlog *backlog);
void callback_backlog_of_client(const struct callback *callback, uint64_t clientid, int64_t now_ns,
                                struct callback_backlog *backlog);
