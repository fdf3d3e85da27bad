/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connections of a transport that speak TLS, or are about to; the context for the next ones.
 *
 * No more than LIMIT_TLS_HANDSHAKES are in their handshake at a time, and no more than
 * LIMIT_TLS_HANDSHAKES_PER_ADDRESS of an address (peer_table.h).  Then an old one gives way, so
 * that those who never finish do not keep others out: of the same address, or of the address that
 * has the most among those that began first.  Thread safe.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/list.h"
#include "base/log_limit.h"

struct connection;
struct tls_context;
struct tls_stream;

struct tls_table {
    pthread_mutex_t lock;        /* a leaf */
    struct tls_context *context; /* NULL: TLS is not offered */
    uint64_t generation;         /* of the context */
    struct list shaking;         /* struct tls_stream link; the first began first */
    uint32_t shaking_count, shaking_max;
    struct list open; /* struct tls_stream link; those of an older generation first */
    struct log_limit lines;
};

/* `shaking_max` 0: LIMIT_TLS_HANDSHAKES. */
void tls_table_init(struct tls_table *table, uint32_t shaking_max);
void tls_table_fini(struct tls_table *table);

/* A reference on the context, or NULL. */
struct tls_context *tls_table_context(struct tls_table *table) MUST_USE;

/* Replace the context; takes over the reference.  Peers of open connections are then unverified.
 * False: reading the present one began later, so that it stays. */
bool tls_table_replace(struct tls_table *table, struct tls_context *context) MUST_USE;

/* A handshake begins.  Returns a reference to the connection that has to give way, or NULL.
 * *crowded: because its address, the same, has too many. */
struct connection *tls_table_enter(struct tls_table *table, struct tls_stream *tls, int64_t now_ns,
                                   bool *crowded) MUST_USE;

/* The handshake is done; state OPEN.  False: the context was replaced meanwhile, so that the peer
 * is not verified by the current one. */
bool tls_table_open(struct tls_table *table, struct tls_stream *tls) MUST_USE;

/* The connection is closed, or has to give way. */
void tls_table_leave(struct tls_table *table, struct tls_stream *tls);

/* A reference to a connection whose handshake began before `before_ns`, which leaves the table.
 * NULL: there is none. */
struct connection *tls_table_late(struct tls_table *table, int64_t before_ns) MUST_USE;

/* References to connections whose handshake cannot begin yet, `max` at most.  Returns how many. */
unsigned tls_table_starting(struct tls_table *table, struct connection **found, unsigned max);

/* A reference to an open connection that the current context has not verified, and counts as
 * verified from now on; with a reference on that context.  NULL: there is none. */
struct connection *tls_table_unverified(struct tls_table *table,
                                        struct tls_context **context) MUST_USE;

/* How many handshakes are in progress. */
uint32_t tls_table_shaking(struct tls_table *table);
