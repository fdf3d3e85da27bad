/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of clients as texts. */
#pragma once

#include <jansson.h>

struct client_peer;
struct session_peer;

/* "192.0.2.1", "2001:db8::1"; null if it is not known. */
json_t *api_peer_address(const struct client_peer *peer);

/* "192.0.2.1:900", "[2001:db8::1]:900"; null if it is not known. */
json_t *api_peer(const struct session_peer *peer);

/* For session_info_get() and session_info_next(). */
void api_peer_of(void *transport, struct session_peer *peer);
