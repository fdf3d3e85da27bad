/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of delegations; counting takes no lock. */
#pragma once

#include <stdint.h>

struct state;

/* X(name, help) */
#define DELEGATION_COUNTERS(X)                                                                     \
    X(granted_read, "READ delegations granted")                                                    \
    X(granted_write, "WRITE delegations granted")                                                  \
    X(upgraded, "READ delegations upgraded to WRITE")                                              \
    X(reclaimed, "Delegations reclaimed after a restart")                                          \
    X(recalled, "Delegations recalled")                                                            \
    X(returned, "Delegations returned by their clients")                                           \
    X(revoked, "Delegations revoked: not returned in time, or the holder's lease expired")         \
    X(conflicts, "Requests that conflicted with a delegation")                                     \
    X(cb_getattr, "Queries (CB_GETATTR) to a holder for size and change attribute")                \
    X(refused_setting, "Not granted: disabled by a setting, or not delegable")                     \
    X(refused_unreachable, "Not granted: the client cannot be called back")                        \
    X(refused_contention, "Not granted: other clients open, change or wait for the file")          \
    X(refused_history, "Not granted: recent conflicts over the file")                              \
    X(refused_revoked, "Not granted: the client has an unacknowledged revocation")                 \
    X(refused_limit, "Not granted: too many delegations are held")                                 \
    X(refused_held, "Not granted: the client holds one")                                           \
    X(refused_access, "Not granted: the caller lacks the access that it implies")

enum delegation_counter {
#define X(name, help) DELEGATION_COUNTER_##name,
    DELEGATION_COUNTERS(X)
#undef X
    DELEGATION_COUNTER_COUNT
};

/* A snapshot. */
struct delegation_stats {
#define X(name, help) uint64_t name;
    DELEGATION_COUNTERS(X)
#undef X
    /* The current values. */
    uint64_t held_read, held_write;
    uint64_t recalls;         /* delegations recalled and not returned yet */
    int64_t oldest_recall_ns; /* age of the oldest of these; 0: none */
};

/* Any thread. */
void delegation_stats_read(struct state *state, int64_t now_ns, struct delegation_stats *stats);
