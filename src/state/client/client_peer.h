/* SPDX-License-Identifier: Apache-2.0 */
/* The peer that a client record came from, so that the log can report when another takes it over.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "state/client/client_address.h"

struct client;
struct client_principal;
struct sockaddr; /* its header has names that other headers use, too */
struct state;

/* An address without its port; family 0, AF_UNSPEC: not known. */
struct client_peer {
    uint16_t family;
    uint8_t bytes[16];
};

/* What sends EXCHANGE_ID or SETCLIENTID: by what it is counted, and for the log. */
struct client_source {
    struct client_address address;
    struct client_peer peer;
};

void client_peer_of(const struct sockaddr *address, struct client_peer *out);

enum {
    CLIENT_PEER_TEXT_BYTES = 46 /* INET6_ADDRSTRLEN */
};

/* "192.0.2.1", "2001:db8::1", or "?" when it is not known.  Returns `text`. */
const char *client_peer_format(const struct client_peer *peer, char text[CLIENT_PEER_TEXT_BYTES]);

/* With client_table.lock: the confirmed record of an owner string makes room for the record with
 * the id `by`, which `principal` at `peer` asked for. */
void client_peer_replace_locked(struct client *client, uint64_t by, const struct client_peer *peer,
                                const struct client_principal *principal);

/* Without: an audit line if it was replaced from another address or by another principal; of those
 * at most LIMIT_LOG_REPLACED_PER_S in a second. */
void client_peer_audit(struct state *state, const struct client *client);
