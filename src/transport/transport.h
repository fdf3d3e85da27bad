/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ONC RPC over TCP: listeners, connections, the threads that run calls, and their counters.  dial.h
 * makes connections to others.
 *
 * Life: transport_create, transport_listen (once or more), transport_start, transport_drain_stop,
 * transport_destroy; these from one thread.  Programs are called on the transport's own threads,
 * several at a time, and for one connection too.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/limits.h"
#include "transport/rpc_call.h"

struct transport;

/* X(name, help): every counter; those named in transport_stats() too. */
#define TRANSPORT_COUNTERS(X)                                                                      \
    X(accepted, "Connections accepted")                                                            \
    X(dialled, "Connections that we began to make")                                                \
    X(dial_failures, "Of these, never up; and those that could not be begun")                      \
    X(closed, "Connections closed")                                                                \
    X(refused, "Connections closed at once: as many are open as may be")                           \
    X(refused_address, "The same: its address had max_connections_per_address")                    \
    X(refused_memory, "The same: there was no memory for it")                                      \
    X(idle_closed, "Connections closed that served no client and were idle")                       \
    X(displaced, "The same, in favour of an address with fewer connections")                       \
    X(half_records_late, "Connections closed while a record of theirs took too long")              \
    X(half_records_evicted, "The same, to make room for other records")                            \
    X(unsent_late, "Connections closed whose client did not read")                                 \
    X(unsent_evicted, "The same, to make room for the replies of others")                          \
    X(no_memory, "Connections closed for want of memory for their calls or replies")               \
    X(accept_pauses, "Times accepting paused: out of file descriptors or memory")                  \
    X(calls, "RPC calls begun")                                                                    \
    X(replies, "RPC replies handed to a connection")                                               \
    X(rejected, "Calls answered with an RPC error")                                                \
    X(dropped, "Calls the program left without an answer")                                         \
    X(orphan_replies, "RPC replies received that nobody waited for")                               \
    X(bad_headers, "Records that are no RPC message; their connection was closed")                 \
    X(oversize_records, "Records over the limit; their connection was closed")                     \
    X(bytes_in, "Bytes received")                                                                  \
    X(bytes_out, "Bytes sent")                                                                     \
    X(stalls, "Times a connection was not read, for its client does not read")                     \
    X(tails_short, "Payloads that were cut off under way and filled up with zero bytes")           \
    X(handoffs, "Loops given away by worker_will_block()")                                         \
    X(retakes, "Loops taken from a thread that blocked too long")                                  \
    X(crowded,                                                                                     \
      "Calls refused for now: too many threads block in one file system, or for one client")       \
    X(no_spare, "Times a loop had to wait for a blocked thread: LIMIT_WORKER_THREADS reached")     \
    X(yields, "Times a call gave way to other connections: its slice of time was over")            \
    X(turns, "Slices of time that connections waited for")                                         \
    X(parks, "Times a call was parked: it waits without a thread")                                 \
    X(parks_expired, "Of these, ended by time")                                                    \
    X(parks_refused, "Times a call could not be: LIMIT_PARKED_CALLS and its like, or the end")

enum transport_counter {
#define X(name, help) TRANSPORT_COUNTER_##name,
    TRANSPORT_COUNTERS(X)
#undef X
    TRANSPORT_COUNTER_COUNT
};

struct transport_stats {
#define X(name, help) uint64_t name;
    TRANSPORT_COUNTERS(X)
#undef X
    /* Now. */
    uint64_t connections;         /* all that are open */
    uint64_t addresses;           /* that have some of them */
    uint64_t half_records;        /* records of which a part is here */
    uint64_t half_record_bytes;   /* and the memory that they take */
    uint64_t unsent_bytes;        /* memory of replies that wait for sockets */
    uint64_t dialled_connections; /* of these, made by us */
    uint64_t threads;
    uint64_t spare_threads;
    uint64_t blocked_threads;
    uint64_t parked_calls;
};

/* X(name, initial): what is bounded, and can be changed at any time. */
#define TRANSPORT_LIMITS(X)                                                                        \
    X(connections, LIMIT_CONNECTIONS)                                                              \
    X(connections_per_address, LIMIT_CONNECTIONS_PER_ADDRESS) /* or for each IPv6 /64 */           \
    X(half_record_mib, LIMIT_HALF_RECORD_BYTES >> 20)         /* memory of half records */         \
    X(unsent_mib, LIMIT_UNSENT_BYTES >> 20)                   /* and of unsent replies */          \
    X(record_timeout_s, LIMIT_RECORD_S)                       /* half_record.h; 0: never */        \
    X(send_timeout_s, LIMIT_SEND_S)                           /* unsent.h; the same */             \
    X(idle_timeout_s, LIMIT_IDLE_CONNECTION_S)                /* idle.h; the same */

enum transport_limit {
#define X(name, initial) TRANSPORT_LIMIT_##name,
    TRANSPORT_LIMITS(X)
#undef X
    TRANSPORT_LIMIT_COUNT
};

struct transport_config {
    unsigned loops; /* event loops, each with a thread; 0: one per CPU */
    const struct rpc_program *programs;
    unsigned program_count; /* at most LIMIT_RPC_PROGRAMS; kept by reference */

    /* A REPLY record came in: its bytes behind xid and message type, valid during the call.  True
     * when somebody waited for it.  NULL: nobody ever does.  Runs on the loop's thread, must not
     * block. */
    bool (*reply)(struct connection *conn, uint32_t xid, const void *body, size_t len,
                  void *context);
    void *reply_context;

    int send_buffer_bytes;    /* SO_SNDBUF of connections; 0: the kernel's automatic size */
    uint32_t connections_max; /* from others; 0: LIMIT_CONNECTIONS */
    /* Connections to others; 0: LIMIT_DIALLED_CONNECTIONS, or an eighth of the descriptors that the
     * process may have now. */
    uint32_t dialled_max;
};

/* NULL and errno when the kernel has no epoll set or eventfd to give. */
struct transport *transport_create(const struct transport_config *config) MUST_USE;

/* Listen on an IPv4 or IPv6 address (IPv6 only then).  0 or -errno. */
int transport_listen(struct transport *transport, const struct sockaddr *address,
                     socklen_t len) MUST_USE;

/* Port of the n-th listener, host order: tells what port 0 became; 0 when there is no such. */
uint16_t transport_port(const struct transport *transport, unsigned n);

/* Change a limit; any thread, at any time. */
void transport_limit_set(struct transport *transport, enum transport_limit limit, uint32_t value);

/* Close the connections that keep the server waiting too long.  From a timer, about once a second;
 * `now_ns` is clock_now_ns().  No lock may be held. */
void transport_tick(struct transport *transport, int64_t now_ns);

/* Begin to accept and to serve.  0 or -errno. */
int transport_start(struct transport *transport) MUST_USE;

/* Stop accepting and reading, end the waits of parked calls, finish running ones, send what is
 * queued, close everything and end the threads.  After `timeout_ms` connections are cut.  False
 * when a call still has not returned a second later: the process should end, transport_destroy()
 * would wait for it. */
bool transport_drain_stop(struct transport *transport, int timeout_ms);

/* Free it; drains first (at once) unless that was done.  NULL is allowed. */
void transport_destroy(struct transport *transport);

/* A snapshot; any thread. */
void transport_stats(struct transport *transport, struct transport_stats *stats);
