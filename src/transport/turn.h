/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chooses the connection that uses a loop next.
 *
 * A connection with something to run gets one slice of time, LIMIT_SLICE_US, and then waits for its
 * next one.  Addresses share the loop: the address that has used least time lately is served first,
 * so a host gains nothing by opening more connections.  Among the connections of one address, each
 * level of use delays a connection by 17 ms, the time in which recorded use is halved: light
 * connections go first, and none starves.
 *
 * A light connection (one that has used very little, of an address that has not used much) does not
 * queue.  But while others wait, these get at least every second slice.
 *
 * The clock is read once per receive and once per queued turn.  It is read again after a number of
 * steps (operations, pages, entries) that should take a quarter of a slice, judging by the last
 * ones.  All functions are for the owner of the loop.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/list.h"

enum {
    TURN_LEVELS = 8,
    TURN_ADDRESSES = 256, /* addresses with the same hash share their usage */
    TURN_WORDS = TURN_ADDRESSES / 64,
};

/* Nanoseconds used lately, as of `period`. */
struct turn_usage {
    uint64_t used_ns;
    int64_t period;
};

/* The state of a connection. */
struct turn {
    struct list link; /* of a queue; linked to itself: not waiting */
    struct turn_usage usage;
    int64_t due_ns;   /* while it waits: the earliest of its address is served first */
    uint32_t step;    /* turn_table.step at the end of its last turn */
    unsigned address; /* index in turn_table.addresses */
};

/* The connections of an address. */
struct turn_address {
    struct turn_usage usage;
    struct list queues[TURN_LEVELS]; /* by the connection's use when it queued, oldest first */
    unsigned waiting;                /* bit n: queue n is not empty */
};

/* The state of a loop. */
struct turn_table {
    struct turn_address addresses[TURN_ADDRESSES];
    uint64_t waiting[TURN_WORDS]; /* bit n: connections of address n wait */
    uint32_t count;               /* number of waiting connections */
    unsigned last;                /* the address that was served last */
    struct turn *running;         /* the connection being charged; NULL: none */
    unsigned address;             /* the address being charged; TURN_ADDRESSES: none */
    int64_t begun_ns;             /* when the current turn began; 0: not known yet */
    int64_t charged_ns;           /* time is charged up to here */
    int64_t round_ns;             /* when the first turn since the last poll of epoll began; or 0 */
    int64_t served_ns; /* when a queued connection was last served, or the first one queued */
    bool serving;      /* a queued turn is in progress, or its end is not known yet */
    unsigned looks;    /* consecutive polls of epoll that found more than was taken */
    bool held;         /* serve no queued connection until the next poll */
    bool due;          /* one may be served before the next poll, even if a slice has passed */
    int64_t now_ns;    /* last clock reading */
    uint32_t step;     /* number of steps between clock readings in the current turn */
};

void turn_table_init(struct turn_table *table);

/* Initialize for a connection from `peer`.  `seed` is for the hash, because clients choose their
 * addresses. */
void turn_init(struct turn *turn, const struct sockaddr *peer, uint64_t seed);

/* A turn begins at `now_ns`; the previous one is charged up to then. */
void turn_begin(struct turn_table *table, struct turn *turn, int64_t now_ns);

/* The same for a call whose connection may leave meanwhile or belongs to another loop: only its
 * address is charged. */
void turn_begin_address(struct turn_table *table, const struct turn *turn, int64_t now_ns);

/* The connection leaves: the rest of its current turn is charged only to its address. */
void turn_leave(struct turn_table *table, const struct turn *turn);

/* Charge the current turn up to `now_ns`, for `steps` steps.  True when its slice is over.  After
 * turn_end(), begins a slice that is charged to no connection. */
bool turn_charge(struct turn_table *table, int64_t now_ns, uint32_t steps) MUST_USE;

/* End the current turn and charge it up to `now_ns`: the loop does something else. */
void turn_settle(struct turn_table *table, int64_t now_ns);

/* The same without reading the clock, when the loop is about to sleep. */
void turn_end(struct turn_table *table);

/* Has the connection used so little that it need not queue? */
bool turn_is_light(const struct turn_table *table, const struct turn *turn) MUST_USE;

/* Queue the connection, unless it is queued already. */
void turn_wait(struct turn_table *table, struct turn *turn);

static inline bool turn_waits(const struct turn *turn)
{
    return !list_empty(&turn->link);
}

/* Remove the connection from its queue, if it is in one. */
void turn_cancel(struct turn_table *table, struct turn *turn);

/* Take the next connection off its queue.  NULL when none waits, or when epoll should be polled
 * first, since a lighter connection may have arrived. */
struct turn *turn_next(struct turn_table *table);

/* Have light connections used a slice while others wait?  Then a waiting one is next. */
static inline bool turn_is_owed(const struct turn_table *table)
{
    return table->count > 0 && table->now_ns - table->served_ns >= LIMIT_SLICE_US * 1000LL;
}

/* The same as turn_next(), but without polling epoll first.  At least one connection must wait. */
struct turn *turn_take(struct turn_table *table);

/* The turn of a queued connection ended at `now_ns`. */
void turn_served(struct turn_table *table, int64_t now_ns);

/* Is more ready than the loop can take?  Then epoll should not report waiting connections again. */
static inline bool turn_is_crowded(const struct turn_table *table)
{
    return table->looks > 0;
}

/* The loop has polled epoll; `more`: there may be more events than it took. */
void turn_round(struct turn_table *table, bool more);
