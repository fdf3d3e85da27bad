/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Half records: records of which a part has arrived, of RPC or of TLS below it.  Tracks how much
 * memory they take in each loop, and since when.
 *
 * The half records of a loop may take its share of TRANSPORT_LIMIT_half_record_mib.  Above that a
 * connection is closed.  It is chosen from the address whose half records take the most memory: the
 * one whose record has not grown for the longest time.  So an address that keeps growing its
 * records evicts its own, not those of other addresses.  A connection is also closed when its
 * record takes longer than record_timeout_s plus one second per LIMIT_RECORD_RATE_BYTES received.
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

/* The half records of all addresses with one hash. */
struct half_address {
    struct list list; /* struct connection half.address_link; least recently grown first */
    size_t bytes;     /* size of their buffers */
};

/* The half records of a loop. */
struct half_records {
    pthread_mutex_t lock; /* a leaf; guards the lists and the connections' list fields */
    struct list list;     /* struct connection half.link; least recently examined first */
    struct half_address addresses[TURN_ADDRESSES]; /* by turn.address */
    _Atomic size_t bytes;                          /* size of their buffers; set under the lock */
    _Atomic uint32_t count;
};

/* The half record of a connection. */
struct half_record {
    bool noted;       /* it may be on the list; the loop owner's */
    struct list link; /* this and the next two: guarded by the lock */
    struct list address_link;
    size_t bytes;
    uint32_t used;    /* bytes received so far */
    int64_t begun_ns; /* transport_now_ns() */
};

void half_records_init(struct half_records *records);
void half_records_fini(struct half_records *records);

/* A batch of the connection has ended: record what its reader holds now, and evict others if the
 * loop is above its share.  For the loop's owner. */
void half_record_note(struct loop *loop, struct connection *conn);

/* The record is complete, or the connection leaves.  For the loop's owner. */
void half_record_forget(struct loop *loop, struct connection *conn);

/* Evict a half record of the address that has the most, but not that of `spare`.  False when there
 * is none.  For the loop's owner. */
bool half_record_evict(struct loop *loop, const struct connection *spare);

/* Close the connections whose record is late.  Any thread that holds no lock. */
void half_records_tick(struct transport *transport, struct loop *loop);
