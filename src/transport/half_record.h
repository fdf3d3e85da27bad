/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of which a part has arrived: how much memory they take in each loop, and since when.
 *
 * All half records of a loop may take its share of transport_limits.half_record_mib.  Above that a
 * connection is closed of the address whose half records take the most, the one whose record has
 * not grown for the longest time: so an address that keeps its records growing evicts its own and
 * not those of others.  A connection is also closed when its record takes longer than
 * record_timeout_s and a second for every LIMIT_RECORD_RATE_BYTES that are here.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "transport/turn.h"

struct connection;
struct loop;
struct transport;

/* Those of addresses with one hash. */
struct half_address {
    struct list list; /* struct connection half.address_link; the least recent growth first */
    size_t bytes;     /* of their buffers */
};

/* A loop's. */
struct half_records {
    pthread_mutex_t lock; /* a leaf; guards the lists and what connections have on them */
    struct list list;     /* struct connection half.link; those just looked at are last */
    struct half_address addresses[TURN_ADDRESSES]; /* by turn.address */
    _Atomic size_t bytes;                          /* of their buffers; written with the lock */
    _Atomic uint32_t count;
};

/* A connection's. */
struct half_record {
    bool noted;       /* it may be on the list; the loop owner's */
    struct list link; /* these with the lock */
    struct list address_link;
    size_t bytes;
    uint32_t used;    /* bytes that are here */
    int64_t begun_ns; /* transport_now_ns() */
};

void half_records_init(struct half_records *records);
void half_records_fini(struct half_records *records);

/* A batch of the connection has ended: count what its reader holds now, and make room for it.  The
 * loop owner's. */
void half_record_note(struct loop *loop, struct connection *conn);

/* The record is complete, or the connection leaves.  The owner's. */
void half_record_forget(struct loop *loop, struct connection *conn);

/* Give up a record of the address that has the most, but not that of `spare`: false when there is
 * none.  The owner's. */
bool half_record_evict(struct loop *loop, const struct connection *spare);

/* Close the connections whose time is over.  Any thread that holds no lock. */
void half_records_tick(struct transport *transport, struct loop *loop);
