/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which connection has a loop next.
 *
 * A connection with something to run gets one slice of time, LIMIT_SLICE_US, and then waits for the
 * next one.  Addresses share the loop: the address that has used least of its time lately is served
 * first, so more connections gain a host nothing.  Among the connections of one address, one that
 * has used more queues as if it had come later: by 17 ms, the time in which use is halved, for each
 * level of use.  So the light ones go first, and none waits for ever.
 *
 * A connection that has used very little, of an address that has not used much, does not queue.
 * While others wait, these have every second slice nevertheless.
 *
 * The clock is read once a receive and once a turn that was waited for, and again behind so many
 * steps (operations, pages, entries) that a good part of a slice may have passed: few where the
 * last ones were slow.  All of it belongs to the owner of the loop.
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
    TURN_ADDRESSES = 256, /* addresses of one hash share what they used */
    TURN_WORDS = TURN_ADDRESSES / 64,
};

/* Nanoseconds used lately, as of `period`. */
struct turn_usage {
    uint64_t used_ns;
    int64_t period;
};

/* A connection's part. */
struct turn {
    struct list link; /* of a queue; by itself: it waits for no turn */
    struct turn_usage usage;
    int64_t due_ns;   /* while it waits: the earliest of its address goes first */
    uint32_t step;    /* as in turn_table, when it had its last turn */
    unsigned address; /* in turn_table.addresses */
};

/* The connections of an address. */
struct turn_address {
    struct turn_usage usage;
    struct list queues[TURN_LEVELS]; /* by what a connection had used when it came, oldest first */
    unsigned waiting;                /* bit n: queue n is not empty */
};

/* A loop's part. */
struct turn_table {
    struct turn_address addresses[TURN_ADDRESSES];
    uint64_t waiting[TURN_WORDS]; /* bit n: connections of address n wait */
    uint32_t count;               /* of connections that wait */
    unsigned last;                /* the address that had the last turn */
    struct turn *running;         /* whose time it is; NULL: no connection's */
    unsigned address;             /* that is charged, or TURN_ADDRESSES: none */
    int64_t begun_ns;             /* when the turn at hand began; 0: it is not known yet */
    int64_t charged_ns;           /* until when its time is accounted for */
    int64_t round_ns;             /* when the first turn since the last look at epoll began; or 0 */
    int64_t served_ns; /* when a connection that waited had its turn, or the first began to wait */
    bool serving;      /* such a turn is at hand, or its end is not known yet */
    unsigned looks;    /* at epoll, one after the other, that found more than they took */
    bool held;         /* no turns until the next look */
    bool due;          /* one turn may be given before the next look though its time is over */
    int64_t now_ns;    /* the last reading of the clock */
    uint32_t step;     /* the turn at hand takes so many steps between two of them */
};

void turn_table_init(struct turn_table *table);

/* A new connection from `peer`; `seed` is for a hash, since clients choose their addresses. */
void turn_init(struct turn *turn, const struct sockaddr *peer, uint64_t seed);

/* It begins at `now_ns`; the one before is charged until then. */
void turn_begin(struct turn_table *table, struct turn *turn, int64_t now_ns);

/* The same for what runs for a connection that may go meanwhile, or is of another loop: its address
 * alone is charged. */
void turn_begin_address(struct turn_table *table, const struct turn *turn, int64_t now_ns);

/* The connection goes: if it has the turn at hand, the rest is charged to its address. */
void turn_leave(struct turn_table *table, const struct turn *turn);

/* The turn at hand is charged until `now_ns`, for so many steps.  True: its slice is over.  Behind
 * turn_end() a slice begins that is charged to none. */
bool turn_charge(struct turn_table *table, int64_t now_ns, uint32_t steps) MUST_USE;

/* The turn at hand is over, and charged until `now_ns`: the loop does something else. */
void turn_settle(struct turn_table *table, int64_t now_ns);

/* The same without a reading of the clock, when the loop has nothing to do but sleep. */
void turn_end(struct turn_table *table);

/* Has it used so little that it need not queue? */
bool turn_is_light(const struct turn_table *table, const struct turn *turn) MUST_USE;

/* Queue it, unless it is queued. */
void turn_wait(struct turn_table *table, struct turn *turn);

static inline bool turn_waits(const struct turn *turn)
{
    return !list_empty(&turn->link);
}

/* It leaves the queue that it may be in. */
void turn_cancel(struct turn_table *table, struct turn *turn);

/* Take the next one off its queue; NULL: none waits, or it is time to look at epoll, where somebody
 * may have come who has used less. */
struct turn *turn_next(struct turn_table *table);

/* Have connections that need not queue had a slice while others wait?  Then one of these is next.
 */
static inline bool turn_is_owed(const struct turn_table *table)
{
    return table->count > 0 && table->now_ns - table->served_ns >= LIMIT_SLICE_US * 1000LL;
}

/* As turn_next(), whatever epoll may have; a connection waits. */
struct turn *turn_take(struct turn_table *table);

/* The turn that was taken is over, at `now_ns`. */
void turn_served(struct turn_table *table, int64_t now_ns);

/* Does the loop see more that is ready than it can take?  Then epoll had better not report again
 * what waits already. */
static inline bool turn_is_crowded(const struct turn_table *table)
{
    return table->looks > 0;
}

/* The loop has looked at epoll, where there may be `more` than it took. */
void turn_round(struct turn_table *table, bool more);
