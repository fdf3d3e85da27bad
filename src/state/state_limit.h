/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much state clients may have: all of them together, and each one.  Each limit can be changed
 * at any time; what is there stays.  What is beyond one is answered NFS4ERR_DELAY (a session
 * NOSPC).  The courtesy for clients whose lease is over ends when one for all is half used.
 *
 * Thread safe, no locks.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/limits.h"

struct state;

/* X(name, initial): for all clients. */
#define STATE_LIMITS_IN_ALL(X)                                                                     \
    X(clients, LIMIT_CLIENTS)                                                                      \
    X(sessions, LIMIT_SESSIONS)                                                                    \
    X(owners, LIMIT_OWNERS)                                                                        \
    X(opens, LIMIT_OPENS)                                                                          \
    X(lock_states, LIMIT_LOCK_STATES)                                                              \
    X(locks, LIMIT_LOCKS)                                                                          \
    X(lock_waiters, LIMIT_LOCK_WAITERS)

/* And for each; owners of each kind. */
#define STATE_LIMITS_EACH(X)                                                                       \
    X(clients_per_address, LIMIT_CLIENTS_PER_ADDRESS)                                              \
    X(sessions_per_client, LIMIT_SESSIONS_PER_CLIENT)                                              \
    X(owners_per_client, LIMIT_OWNERS_PER_CLIENT)                                                  \
    X(opens_per_client, LIMIT_OPENS_PER_CLIENT)                                                    \
    X(lock_states_per_client, LIMIT_LOCK_STATES_PER_CLIENT)                                        \
    X(locks_per_client, LIMIT_LOCKS_PER_CLIENT)                                                    \
    X(lock_waiters_per_client, LIMIT_LOCK_WAITERS_PER_CLIENT)

enum state_limit {
#define X(name, initial) STATE_LIMIT_##name,
    STATE_LIMITS_IN_ALL(X)
    STATE_LIMITS_EACH(X)
#undef X
        STATE_LIMIT_COUNT
};

/* A cache line each: counts of different things are no neighbours. */
struct state_bound {
    _Atomic uint32_t used; /* in all only */
    _Atomic uint32_t most;
    _Atomic uint64_t refused;
    uint64_t told; /* of these, in the log: the timer's */
    uint8_t rest_of_line[64 - 3 * sizeof(uint64_t)];
};

struct state_limits {
    struct state_bound of[STATE_LIMIT_COUNT];
};

void state_limits_init(struct state_limits *limits);

void state_limit_set(struct state *state, enum state_limit limit, uint32_t most);
uint32_t state_limit_most(const struct state *state, enum state_limit limit);

/* So many have gone; have come, for which there was room. */
void state_limit_give(struct state *state, enum state_limit limit, uint32_t count);
void state_limit_add(struct state *state, enum state_limit limit, uint32_t count);

/* Is there room for `more` beside `used`, of a client, for the limits of each?  False is counted
 * as refused. */
bool state_limit_admits(struct state *state, enum state_limit limit, uint32_t used,
                        uint32_t more) MUST_USE;

/* Is there room for `more` of all clients, for one that has `mine`?  The last quarter of a limit of
 * LIMIT_SHARED and more is for clients that have less than one LIMIT_SHARES-th of it, so a few
 * that take all they get cannot use up what others need.  False is counted as refused. */
bool state_limit_has_room(struct state *state, enum state_limit limit, uint32_t mine,
                          uint32_t more) MUST_USE;

/* Is more than half of some limit for all clients used, so that expired clients should go before
 * any request is refused? */
bool state_limits_scarce(const struct state *state);

/* Something that clients' state holds is short, and a request was refused for it: the next tick
 * ends the courtesy for some of those whose lease is over.  Any thread, with any lock held. */
void state_shortage(struct state *state);

/* Tell the log what was refused since the last time.  From a timer. */
void state_limits_tick(struct state *state);

struct state_limit_stats {
#define X(name, initial) uint32_t name;
    STATE_LIMITS_IN_ALL(X) /* now */
#undef X
    struct {
#define X(name, initial) uint64_t name;
        STATE_LIMITS_IN_ALL(X) STATE_LIMITS_EACH(X) /* times */
#undef X
    } refused;
};

void state_limit_stats_read(const struct state *state, struct state_limit_stats *stats);
