/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of other clients is in a client's way: delegations that they have not returned, byte-range
 * locks that they hold.  As texts for people: api_wait.h.
 */
#pragma once

#include <jansson.h>

struct client_info;
struct server;

/* Append them to `waits`. */
void api_obstacles(json_t *waits, const struct server *server, const struct client_info *client);
