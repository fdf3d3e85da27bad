/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of delegations: counted without a lock, read to be published. */
#pragma once

#include <stdint.h>

struct state;

/* X(name, help) */
#define DELEGATION_COUNTERS(X)                                                                     \
    X(granted_read, "READ delegations given")                                                      \
    X(granted_write, "WRITE delegations given")                                                    \
    X(upgraded, "READ delegations that became WRITE ones")                                         \
    X(reclaimed, "Delegations given back after a restart")                                         \
    X(recalled, "Delegations recalled")                                                            \
    X(returned, "Delegations returned by their clients")                                           \
    X(revoked, "Delegations revoked: not returned in time, or their client was silent")            \
    X(conflicts, "Requests that met a delegation of another client")                               \
    X(questions, "Times that a holder was asked for size and change of a file")                    \
    X(refused_setting, "Not given: a setting, or nothing that can be delegated")                   \
    X(refused_unreachable, "Not given: there is no way to call the client")                        \
    X(refused_contention, "Not given: others have the file open, change it or wait for it")        \
    X(refused_history, "Not given: the file was fought over lately")                               \
    X(refused_revoked, "Not given: the client did not return one, and has not acknowledged that")  \
    X(refused_limit, "Not given: too many are held")                                               \
    X(refused_held, "Not given: the client has one")                                               \
    X(refused_access, "Not given: the caller may not do what it allows")

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
    /* Now. */
    uint64_t held_read, held_write;
    uint64_t recalls;         /* delegations that are recalled and not returned */
    int64_t oldest_recall_ns; /* age of the oldest of these; 0 when there is none */
};

/* Any thread. */
void delegation_stats_read(struct state *state, int64_t now_ns, struct delegation_stats *stats);
