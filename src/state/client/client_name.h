/* SPDX-License-Identifier: Apache-2.0 */
/* The owner string of a client, by which users know it, for users. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/limits.h"

struct state;

struct client_name {
    uint32_t len;
    uint8_t bytes[LIMIT_CLIENT_OWNER_BYTES];
};

/* False: there is no such client.  Takes client_table.lock. */
bool client_name_get(struct state *state, uint64_t clientid, struct client_name *name) MUST_USE;
