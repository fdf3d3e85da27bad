/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of delegations; counting takes no lock. */
#pragma once

#include <stdint.h>

struct state;

/* X(name, help) */
#define DELEGATION_COUNTERS(X)                                                                     \
    X(granted_read, "READ delegations granted")                                                    \
    X(granted_write, "WRITE delegations granted")                                                  \
    X(granted_directory, "Delegations of directories granted")                                     \
    X(granted_with_times, "Delegations granted with the times of the file (NFSv4.2)")              \
    X(granted_without_open, "OPENs answered with a delegation and no open (NFSv4.2)")              \
    X(upgraded, "READ delegations upgraded to WRITE")                                              \
    X(reclaimed, "Delegations reclaimed after a restart")                                          \
    X(recalled, "Delegations recalled")                                                            \
    X(returned, "Delegations returned by their clients")                                           \
    X(removed, "Delegations of directories that ended with the directory, and were not returned")  \
    X(revoked, "Delegations revoked: kept too long, lease expired, or by the administrator")       \
    X(conflicts, "Requests that conflicted with a delegation")                                     \
    X(cb_getattr, "Queries (CB_GETATTR) to a holder for size, change attribute and times")         \
    X(times_reported, "SETATTRs by which holders reported the times of their file (NFSv4.2)")      \
    X(refused_setting, "Not granted: disabled by a setting, or not delegable")                     \
    X(refused_unreachable, "Not granted: the client cannot be called back")                        \
    X(refused_contention, "Not granted: others use or wait for the file, or a grace period")       \
    X(refused_history, "Not granted: recent conflicts over the file or directory")                 \
    X(refused_revoked, "Not granted: the client has an unacknowledged revocation")                 \
    X(refused_limit, "Not granted: too many delegations are held")                                 \
    X(refused_held, "Not granted: the client holds one")                                           \
    X(refused_access, "Not granted: the caller lacks the access that it implies")                  \
    X(notify_refused, "Directories delegated without any notifications that were asked for")       \
    X(notify_events_queued, "Changes of directories queued, once for each holder")                 \
    X(notify_events_coalesced, "Changes that later ones made pointless before they were told")     \
    X(notify_events_sent, "Notifications acknowledged; a change of an entry may be two of them")   \
    X(notify_overflows, "Recalls because a change could not be kept, or is unknown")               \
    X(notify_failures, "Recalls because a holder did not accept what it was told")

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
    uint64_t held_read, held_write, held_directory;
    uint64_t notify_bytes;    /* memory of changes that are queued */
    uint64_t recalls;         /* delegations recalled and not returned yet */
    int64_t oldest_recall_ns; /* age of the oldest of these; 0: none */
};

/* What the server does with a delegation, and state/ does not see.  Any thread. */
void delegation_stats_add(struct state *state, enum delegation_counter counter);

/* Any thread. */
void delegation_stats_read(struct state *state, int64_t now_ns, struct delegation_stats *stats);
