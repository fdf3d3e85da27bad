/* SPDX-License-Identifier: Apache-2.0 */
/* Where a client record came from, so that the log can tell when another host takes it over. */
#pragma once

#include <stdint.h>

struct client;
struct sockaddr; /* whose header has names that others use, too */
struct state;

/* An address without its port; family 0, AF_UNSPEC: not known. */
struct client_peer {
    uint16_t family;
    uint8_t bytes[16];
};

void client_peer_of(const struct sockaddr *address, struct client_peer *out);

/* The client's EXCHANGE_ID or SETCLIENTID came from `peer`; what is confirmed keeps what it has. */
void client_peer_note(struct state *state, uint64_t clientid, const struct client_peer *peer);

/* With client_table.lock: `by` replaces the confirmed record of its owner string. */
void client_peer_replace_locked(struct client *client, const struct client *by);

/* Without: an audit line if it was replaced from another address; of those at most
 * LIMIT_LOG_REPLACED_PER_S in a second. */
void client_peer_audit(struct state *state, const struct client *client);
