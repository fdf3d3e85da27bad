/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters of sessions: what SEQUENCE has done so far, and what every session holds right now.
 * Counted without a lock (base/counter.h) by proto/; read to be published.
 */
#pragma once

#include <stdint.h>

#include "base/counter.h"
#include "state/session/session.h"

/* X(name, help) */
#define SESSION_COUNTERS(X)                                                                        \
    X(sequence_total, "SEQUENCE operations received")                                              \
    X(sequence_errors_total, "SEQUENCE operations answered with an error")                         \
    X(replay_hits_total, "Requests answered with the reply that was kept")

/* X(type, status, help).  With a status these are the errors of SEQUENCE, and their sum is
 * sequence_errors_total.  Those with NFS4_OK are counted where their help text says. */
#define SESSION_FAILURES(X)                                                                        \
    X(bad_session, NFS4ERR_BADSESSION, "There is no such session")                                 \
    X(bad_xdr, NFS4ERR_BADXDR, "The arguments end too early")                                      \
    X(sequence_pos, NFS4ERR_SEQUENCE_POS, "SEQUENCE is not the first operation")                   \
    X(seq_misordered, NFS4ERR_SEQ_MISORDERED, "Neither the slot's last seqid nor its next")        \
    X(false_retry, NFS4ERR_SEQ_FALSE_RETRY, "The slot's last seqid with another request")          \
    X(slot_busy, NFS4ERR_DELAY, "The slot's request is being executed")                            \
    X(badslot, NFS4ERR_BADSLOT, "The slot id is above the session's highest")                      \
    X(bad_high_slot, NFS4ERR_BAD_HIGH_SLOT, "sa_highest_slotid is above the session's highest")    \
    X(req_too_big, NFS4ERR_REQ_TOO_BIG, "The request is longer than ca_maxrequestsize")            \
    X(rep_too_big, NFS4ERR_REP_TOO_BIG, "No reply fits into ca_maxresponsesize")                   \
    X(rep_too_big_to_cache, NFS4ERR_REP_TOO_BIG_TO_CACHE,                                          \
      "No reply fits into ca_maxresponsesize_cached")                                              \
    X(too_many_ops, NFS4ERR_TOO_MANY_OPS, "More operations than ca_maxoperations")                 \
    X(replay_hit, NFS4_OK, "A retry was answered with the reply that was kept")                    \
    X(uncached, NFS4_OK, "A retry whose reply was not kept: RETRY_UNCACHED_REP")                   \
    X(not_bound, NFS4ERR_CONN_NOT_BOUND_TO_SESSION,                                                \
      "A request over a connection that is not the session's and has to be")

enum session_counter {
#define X(name, help) SESSION_COUNTER_##name,
    SESSION_COUNTERS(X)
#undef X
#define X(type, status, help) SESSION_FAILURE_##type,
    SESSION_FAILURES(X)
#undef X
        SESSION_COUNTER_COUNT
};

/* A snapshot. */
struct session_stats {
#define X(name, help) uint64_t name;
    SESSION_COUNTERS(X)
#undef X
    struct {
#define X(type, status, help) uint64_t type;
        SESSION_FAILURES(X)
#undef X
    } failures;
    /* Now. */
    uint64_t sessions;
    uint64_t reply_bytes; /* memory that kept replies take, over all sessions */
};

/* What one session holds now. */
struct session_gauges {
    uint8_t id[NFS4_SESSIONID_SIZE];
    uint64_t clientid;
    uint32_t slots_in_use;
    uint32_t total_slots;
};

static inline void session_count(struct state *state, enum session_counter counter)
{
    counter_add(state->counters, counter, 1);
}

/* SEQUENCE is answered with `status`, an error.  Returns its type's name for the log. */
const char *session_count_error(struct state *state, enum nfsstat4 status);

/* Any thread. */
void session_stats_read(const struct state *state, struct session_stats *stats);

/* Tell the gauges of every session until `visit` returns false.  No lock is held meanwhile:
 * sessions that come or go may be seen or not; one that is gone for good is not.  Without memory
 * some or all are left out. */
void session_gauges_visit(struct state *state,
                          bool (*visit)(const struct session_gauges *gauges, void *arg), void *arg);
