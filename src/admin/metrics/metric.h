/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of metrics.  Most of it are the tables of counters that other folders have: each row
 * there is a metric here, of the same name and with the same help text.
 */
#pragma once

#include <stdint.h>

#include "callback/callback_counters.h"
#include "callback/dial_out.h"
#include "export/export_counters.h"
#include "identity/identity_cache.h"
#include "proto/copies/copy_counters.h"
#include "proto/v40/duplicate_cache.h"
#include "state/delegation/delegation_stats.h"
#include "state/session/session_stats.h"
#include "state/state_limit.h"
#include "transport/transport.h"

enum metric_type {
    METRIC_COUNTER,
    METRIC_GAUGE,
    METRIC_HISTOGRAM,
};

/* X(ID, name, type, labels, help): the rest.  The name of a counter is without its "_total". */
#define METRICS(X)                                                                                 \
    X(BUILD_INFO, "build_info", GAUGE, "version", "1; the version of the server is the label")     \
    X(OPS, "operations", COUNTER, "minor, op", "Operations executed")                              \
    X(OP_ERRORS, "operation_errors", COUNTER, "minor, op, status",                                 \
      "Operations that returned an error")                                                         \
    X(OP_DURATION, "operation_duration_seconds", HISTOGRAM, "minor, op",                           \
      "How long operations took, from a sample, and from all that waited")                         \
    X(STABLE_WAIT, "stable_wait_seconds", HISTOGRAM, NULL,                                         \
      "How long replies waited until changes were on disk")                                        \
    X(SEQUENCE, "sequence", COUNTER, NULL, "SEQUENCE operations received")                         \
    X(SEQUENCE_ERRORS, "sequence_errors", COUNTER, "type",                                         \
      "Requests that SEQUENCE refused, and retries, by what was the matter")                       \
    X(REPLAY_HITS, "replay_hits", COUNTER, NULL, "Requests answered with the reply that was kept") \
    X(SESSION_SLOTS, "session_slots", GAUGE, "session",                                            \
      "Slots that the session may use; of the sessions beyond the limit, their sum (other)")       \
    X(SESSION_SLOTS_IN_USE, "session_slots_in_use", GAUGE, "session",                              \
      "Slots of the session whose request is being executed; the same")                            \
    X(REPLY_CACHE_BYTES, "reply_cache_bytes", GAUGE, NULL, "Memory that kept replies take")        \
    X(CALLBACK, "callback", COUNTER, "op", "Attempts to call a client, by operation")              \
    X(CALLBACK_FAILURES, "callback_failures", COUNTER, "op",                                       \
      "Attempts that came to nothing: not sent, lost, not answered, refused")                      \
    X(CALLBACK_RETRIES, "callback_retries", COUNTER, "op",                                         \
      "Attempts for a call that had been tried before")                                            \
    X(CALLBACK_DURATION, "callback_duration_seconds", HISTOGRAM, NULL,                             \
      "How long answers to callbacks took")                                                        \
    X(HELD, "state", GAUGE, "kind", "What all clients hold now, by kind")                          \
    X(HELD_MOST, "state_limit", GAUGE, "kind", "How much of it they may hold, by kind")            \
    X(LIMIT_REACHED, "limit_reached", COUNTER, "limit", "Requests that met a limit, by limit")     \
    X(ATTRIBUTE_HITS, "export_attribute_hits", COUNTER, "export",                                  \
      "Attributes of files answered from memory (attribute_cache), by export")                     \
    X(ATTRIBUTE_MISSES, "export_attribute_misses", COUNTER, "export",                              \
      "The same that the file system was asked for")                                               \
    X(ATTRIBUTE_CHANGES, "export_attribute_changes", COUNTER, "export",                            \
      "Changes by others that the kernel told of (attribute_cache=watched), by export")            \
    X(ATTRIBUTE_OVERFLOWS, "export_attribute_overflows", COUNTER, "export",                        \
      "How often it could not tell them all, and everything was forgotten")                        \
    X(ATTRIBUTE_UNTOLD, "export_attribute_untold", COUNTER, "export",                              \
      "Requests answered as without the option, because the kernel does not tell")                 \
    X(EXPORT_REFUSED, "export_refused", COUNTER, "why",                                            \
      "Requests that an export refused, or all of them, by what was the matter")                   \
    X(DELEGATIONS, "delegations", GAUGE, "kind", "Delegations held now")                           \
    X(RECALLS, "delegations_recalled", GAUGE, NULL, "Delegations recalled and not returned yet")   \
    X(RECALL_AGE, "delegation_recall_oldest_seconds", GAUGE, NULL, "Age of the oldest of these")   \
    X(NOTIFY_BYTES, "delegation_notify_bytes", GAUGE, NULL,                                        \
      "Memory of changes that holders of directories have not been told yet")                      \
    X(DIAL_OUT_PATHS, "dial_out_paths", GAUGE, NULL, "Clients of NFSv4.0 that can be called back") \
    X(LEASES_EXPIRED, "leases_expired", COUNTER, NULL, "Leases of clients that have expired")      \
    X(COURTESY, "clients_courtesy", GAUGE, NULL,                                                   \
      "Clients whose lease is over, and that keep their state by courtesy")                        \
    X(GRACE, "grace", GAUGE, NULL, "1 during a grace period")                                      \
    X(STATE_WRITABLE, "state_writable", GAUGE, NULL,                                               \
      "1 unless the last write to the state directory failed")                                     \
    X(CONNECTIONS, "connections", GAUGE, "kind",                                                   \
      "Connections: accepted, and dialled to clients of NFSv4.0")                                  \
    X(ADDRESSES, "addresses", GAUGE, NULL, "Addresses that have connections")                      \
    X(THREADS, "threads", GAUGE, "kind",                                                           \
      "Threads for requests: all, those without work, those that wait in file systems")            \
    X(LOOPS, "event_loops", GAUGE, NULL, "Event loops")                                            \
    X(LOOPS_STUCK, "event_loops_stuck", GAUGE, NULL, "Event loops that do not turn")               \
    X(LOOP_LAG, "event_loop_lag_seconds", HISTOGRAM, NULL,                                         \
      "How long event loops took to turn; each is asked once a second")                            \
    X(QUEUES, "queue_length", GAUGE, "queue", "What waits in a queue now")                         \
    X(PARKED, "parked_requests", GAUGE, NULL, "Requests that wait without a thread")               \
    X(HALF_RECORDS, "half_records", GAUGE, NULL, "Requests of which only a part has come")         \
    X(HALF_RECORD_BYTES, "half_record_bytes", GAUGE, NULL, "Memory that they take")                \
    X(UNSENT_BYTES, "unsent_bytes", GAUGE, NULL, "Memory of replies that wait for their sockets")  \
    X(DUPLICATES, "duplicate_entries", GAUGE, NULL, "NFSv4.0: kept replies and running requests")  \
    X(DUPLICATE_CLIENTS, "duplicate_clients", GAUGE, NULL, "NFSv4.0: addresses that have some")    \
    X(DUPLICATE_BYTES, "duplicate_bytes", GAUGE, NULL, "NFSv4.0: memory of kept replies")          \
    X(DUPLICATE_WAITING, "duplicate_waiting", GAUGE, NULL, "NFSv4.0: retries that wait")           \
    X(COPIES, "copies", GAUGE, "state",                                                            \
      "Asynchronous copies: live, and ended ones whose client does not know it yet")               \
    X(GSS_CONTEXTS, "gss_contexts", GAUGE, "kind",                                                 \
      "Contexts of Kerberos: used by their client, or not yet")                                    \
    X(GSS_CONTEXTS_MADE, "gss_contexts_made", COUNTER, NULL, "Contexts that clients have made")    \
    X(GSS_CONTEXTS_ENDED, "gss_contexts_ended", COUNTER, "why", "Contexts that are gone")          \
    X(GSS_REFUSED, "gss_contexts_refused", COUNTER, "why", "Clients that got no context")          \
    X(IDENTITIES, "identity_entries", GAUGE, NULL, "Users and groups that are remembered")         \
    X(IDENTITIES_ASKING, "identity_asking", GAUGE, NULL,                                           \
      "Questions that the database of users has not answered yet")                                 \
    X(MEMORY, "memory_bytes", GAUGE, "kind", "Memory that clients make the server use")            \
    X(MEMORY_BUDGET, "memory_budget_bytes", GAUGE, NULL, "How much that may be; 0: no limit")      \
    X(MEMORY_STORE, "memory_store_bytes", GAUGE, NULL, "The same for mem exports")                 \
    X(MEMORY_REFUSED, "memory_refused", COUNTER, "by",                                             \
      "Allocations that failed, by the budget or by the machine")                                  \
    X(LOG_LEFT_OUT, "log_lines_left_out", COUNTER, "why",                                          \
      "Lines of the log that are missing: its queue was full, or their event has a limit")         \
    X(PROCESS_CPU, "process_cpu_seconds", COUNTER, NULL, "Processor time of the process")          \
    X(PROCESS_RESIDENT, "process_resident_memory_bytes", GAUGE, NULL, "Its memory")                \
    X(PROCESS_FDS, "process_open_fds", GAUGE, NULL, "Its open file descriptors")                   \
    X(PROCESS_MAX_FDS, "process_max_fds", GAUGE, NULL, "How many it may have")                     \
    X(PROCESS_START, "process_start_time_seconds", GAUGE, NULL, "When it began")

enum metric_id {
#define X(ID, name, type, labels, help) METRIC_##ID,
    METRICS(X)
#undef X
#define X(name, help) METRIC_transport_##name,
    TRANSPORT_COUNTERS(X)
#undef X
#define X(name, help) METRIC_delegation_##name,
        DELEGATION_COUNTERS(X)
#undef X
#define X(name, help) METRIC_dial_out_##name,
            DIAL_OUT_COUNTERS(X)
#undef X
#define X(name, help) METRIC_duplicate_##name,
                DUPLICATE_COUNTERS(X)
#undef X
#define X(name, help) METRIC_identity_##name,
                    IDENTITY_COUNTERS(X)
#undef X
#define X(name, help) METRIC_export_##name,
                        EXPORT_COUNTERS(X)
#undef X
#define X(name, help) METRIC_copy_##name,
                            COPY_COUNTERS(X)
#undef X
                                METRIC_COUNT
};

struct metric {
    const char *name; /* behind "mainstay_" */
    enum metric_type type;
    const char *labels; /* of each of its series, "a, b"; NULL: it has one without */
    const char *help;
};

extern const struct metric metric_table[METRIC_COUNT];
