/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits for the state of clients: for all of them together, and for each.  A limit can be changed
 * at any time; existing state stays.  A request that exceeds one gets NFS4ERR_DELAY (for a session
 * NFS4ERR_NOSPC).  When a limit for all clients is half used, the courtesy for clients whose lease
 * is over ends.
 *
 * Thread safe, without locks.
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

/* For each client; owners of each kind. */
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

/* A cache line each, so that independent counts do not share one. */
struct state_bound {
    _Atomic uint32_t used; /* only of limits for all clients */
    _Atomic uint32_t most;
    _Atomic uint64_t refused;
    uint64_t logged; /* how many of these have been logged; the timer's */
    uint8_t rest_of_line[64 - 3 * sizeof(uint64_t)];
};

struct state_limits {
    struct state_bound of[STATE_LIMIT_COUNT];
    _Atomic uint32_t revoked_opens;
};

void state_limits_init(struct state_limits *limits);

void state_limit_set(struct state *state, enum state_limit limit, uint32_t most);
uint32_t state_limit_max(const struct state *state, enum state_limit limit);

/* `count` objects were freed, or created after a check for room. */
void state_limit_sub(struct state *state, enum state_limit limit, uint32_t count);
void state_limit_add(struct state *state, enum state_limit limit, uint32_t count);

/* An open was revoked, and its client has not acknowledged that; or it has, or is gone. */
void state_limit_open_revoked(struct state *state, bool revoked);

/* Is there room for `more` besides the client's `used`?  For limits of each client.  If not, counts
 * a refusal. */
bool state_limit_admits(struct state *state, enum state_limit limit, uint32_t used,
                        uint32_t more) MUST_USE;

/* Is there room for `more` within a limit for all clients, for a client that has `mine`?  A limit
 * of at least LIMIT_SHARED reserves its last quarter for clients that use less than one
 * LIMIT_SHARES-th of it, so that a few greedy clients cannot use up what others need.  So does the
 * memory budget with its last three eighths, for those that have less than one for each
 * LIMIT_SHARE_BYTES of it.  If not, counts a refusal. */
bool state_limit_has_room(struct state *state, enum state_limit limit, uint32_t mine,
                          uint32_t more) MUST_USE;

/* Is more than half of any limit for all clients used?  Then expired clients should be removed
 * before requests are refused. */
bool state_limits_scarce(const struct state *state);

/* A resource held by clients' state has run out, and a request was refused because of it: the next
 * tick ends the courtesy for some clients whose lease is over.  Any thread, with any lock held. */
void state_report_shortage(struct state *state);

/* Log what was refused since the last call.  From a timer. */
void state_limits_tick(struct state *state);

struct state_limit_stats {
#define X(name, initial) uint32_t name;
    STATE_LIMITS_IN_ALL(X) /* in use; `opens` are those in effect */
#undef X
    uint32_t revoked_opens; /* not acknowledged by their clients; the limit counts them, too */
    struct {
#define X(name, initial) uint64_t name;
        STATE_LIMITS_IN_ALL(X) STATE_LIMITS_EACH(X) /* number of refusals */
#undef X
    } refused;
};

void state_limit_stats_read(const struct state *state, struct state_limit_stats *stats);
