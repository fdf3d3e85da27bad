/* SPDX-License-Identifier: Apache-2.0 */
/* The peer that a client record came from, so that the log can report when another peer takes it
 * over. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "state/client/client_address.h"

struct client;
struct client_caller;
struct sockaddr; /* its header would define names that other headers also use */
struct state;

/* An address without its port; family 0, AF_UNSPEC: not known. */
struct client_peer {
    uint16_t family;
    uint8_t bytes[16];
};

/* The sender of EXCHANGE_ID or SETCLIENTID: the address that it counts for, and its peer for the
 * log. */
struct client_source {
    struct client_address address;
    struct client_peer peer;
};

void client_peer_of(const struct sockaddr *address, struct client_peer *out);

enum {
    CLIENT_PEER_TEXT_BYTES = 46 /* INET6_ADDRSTRLEN */
};

/* "192.0.2.1", "2001:db8::1", or "?"  if it is not known.  Returns `text`. */
const char *client_peer_format(const struct client_peer *peer, char text[CLIENT_PEER_TEXT_BYTES]);

/* With client_table.lock held: the confirmed record of an owner string is replaced by the record
 * with the ID `by`, requested by `principal` at `peer`. */
void client_peer_replace_locked(struct client *client, uint64_t by, const struct client_peer *peer,
                                const struct client_caller *caller);

/* Without the lock: log an audit line if it was replaced from another address or by another
 * principal; at most LIMIT_LOG_REPLACED_PER_S per second. */
void client_peer_audit(struct state *state, const struct client *client);
