/* SPDX-License-Identifier: Apache-2.0 */
/* The server given by the user: HOST:PORT or [ADDR6]:PORT; the port may be optional. */
#pragma once

#include <stdbool.h>

#include "base/check.h"

enum {
    CLIENT_TARGET_BYTES = 300,
    CLIENT_TARGET_PORT = 2049, /* of NFS */
};

/* Copy `text` to `target`, adding port 2049 if it has none and `default_port` is set.  NULL, or
 * what is wrong with it. */
const char *client_target_parse(const char *text, bool default_port,
                                char target[CLIENT_TARGET_BYTES]) MUST_USE;

/* Resolve the host of a parsed target.  NULL, or why that failed. */
const char *client_target_lookup(const char *target) MUST_USE;
