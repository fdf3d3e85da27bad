/* SPDX-License-Identifier: Apache-2.0 */
/* The server that a user names: HOST:PORT or [ADDR6]:PORT, where a program allows it without a
 * port. */
#pragma once

#include <stdbool.h>

#include "base/check.h"

enum {
    CLIENT_TARGET_BYTES = 300,
    CLIENT_TARGET_PORT = 2049, /* of NFS */
};

/* Copy `text` to `target`, with port 2049 if it has none and `default_port` is set.  NULL, or what
 * is wrong with it, for people. */
const char *client_target_parse(const char *text, bool default_port,
                                char target[CLIENT_TARGET_BYTES]) MUST_USE;

/* Look the host of a parsed target up.  NULL, or why it cannot be found. */
const char *client_target_lookup(const char *target) MUST_USE;
