/* SPDX-License-Identifier: Apache-2.0 */
/* What a client waits for, and what the server waits for from it, as texts for people. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/limits.h"
#include "wire/nfs4_types.h"

struct client_info;
struct server;

/* The sessions of a client. */
struct api_wait_sessions {
    uint32_t count;
    uint8_t ids[LIMIT_SESSIONS_PER_CLIENT][NFS4_SESSIONID_SIZE];
};

/* An array. */
json_t *api_waits(const struct server *server, const struct client_info *client,
                  const struct api_wait_sessions *sessions);
