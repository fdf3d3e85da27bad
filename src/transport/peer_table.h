/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts the connections of each address: an IPv4 address, or an IPv6 /64, since a host usually has
 * all addresses of its /64.  Thread safe; used only when connections come and go.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/htable.h"
#include "base/list.h"

struct peer; /* an address that has connections */

/* TLS handshakes of an address that are in progress; tls_table.c alone uses it, under its lock. */
struct peer_handshakes {
    struct list list; /* struct tls_stream address_link; the first began first */
    uint32_t count;
};

struct peer_table {
    pthread_mutex_t lock; /* a leaf; guards `peers` and the counts */
    struct htable peers;
    uint64_t seed; /* of the hash, because clients choose their addresses */
};

void peer_table_init(struct peer_table *table);

/* Each peer_get() must have been followed by its peer_put(). */
void peer_table_fini(struct peer_table *table);

/* Count one more connection of this address.  NULL when it already has `most`, and without
 * memory. */
struct peer *peer_get(struct peer_table *table, const struct sockaddr *address,
                      uint32_t most) MUST_USE;

/* The connection is closed.  NULL is allowed. */
void peer_put(struct peer_table *table, struct peer *peer);

/* How many connections an address has.  The first function takes no lock; it is for a connection
 * that counts in `peer`. */
uint32_t peer_connections(const struct peer *peer);
uint32_t peer_table_connections(struct peer_table *table, const struct sockaddr *address);

/* For a connection that counts in `peer`. */
struct peer_handshakes *peer_handshakes(struct peer *peer);

/* The same for all connections of an address. */
uint64_t peer_hash(const struct peer_table *table, const struct sockaddr *address);

/* Addresses that have connections now. */
uint32_t peer_table_count(struct peer_table *table);
