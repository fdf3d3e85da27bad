/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many connections each address has: an IPv4 address, or an IPv6 network of 64 bits, since
 * whoever has one such address has all of them.  Thread safe; used when connections come and go.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/htable.h"

struct peer; /* an address with connections */

struct peer_table {
    pthread_mutex_t lock; /* a leaf; guards the rest, and the counts */
    struct htable peers;
    uint64_t seed; /* of the hash: clients choose their addresses */
};

void peer_table_init(struct peer_table *table);

/* Every peer_get() has been followed by its peer_put(). */
void peer_table_fini(struct peer_table *table);

/* Count one more connection of this address.  NULL: it has `most`, or there is no memory. */
struct peer *peer_get(struct peer_table *table, const struct sockaddr *address,
                      uint32_t most) MUST_USE;

/* It is closed; NULL is fine. */
void peer_put(struct peer_table *table, struct peer *peer);

/* How many connections an address has.  The first is for a connection that counts in `peer`, and
 * takes no lock. */
uint32_t peer_connections(const struct peer *peer);
uint32_t peer_table_connections(struct peer_table *table, const struct sockaddr *address);

/* Addresses that have connections now. */
uint32_t peer_table_count(struct peer_table *table);
