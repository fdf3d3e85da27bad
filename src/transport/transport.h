/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ONC RPC over TCP: listeners, connections, the threads that run calls, and their counters.  dial.h
 * has outgoing connections.
 *
 * Life cycle: transport_create, transport_listen (once or more), transport_start,
 * transport_drain_stop, transport_destroy; all from one thread.  The transport calls programs on
 * its own threads, several at a time, also for one connection.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/limits.h"
#include "transport/rpc_call.h"

struct gss_acceptor;
struct gss_table;
struct tls_context; /* tls/tls_context.h */
struct transport;

/* X(name, help): all counters.  transport_stats_read() has them, too. */
#define TRANSPORT_COUNTERS(X)                                                                      \
    X(accepted, "Connections accepted")                                                            \
    X(dialled, "Outgoing connections begun")                                                       \
    X(dial_failures, "Outgoing connections that failed, or could not be begun")                    \
    X(closed, "Connections closed")                                                                \
    X(refused, "Connections refused: the limit of connections is reached")                         \
    X(refused_address, "Connections refused: the address has max_connections_per_address")         \
    X(refused_memory, "Connections refused: out of memory")                                        \
    X(idle_closed, "Connections closed: idle, and served no client")                               \
    X(displaced, "Connections closed: displaced by an address with fewer connections")             \
    X(half_records_late, "Connections closed: a record took too long to arrive")                   \
    X(half_records_evicted, "Connections closed: memory of half records over the limit")           \
    X(unsent_late, "Connections closed: the client did not read its replies")                      \
    X(unsent_evicted, "Connections closed: memory of unsent replies over the limit")               \
    X(no_memory, "Connections closed: out of memory for their calls or replies")                   \
    X(accept_pauses, "Pauses in accepting: out of file descriptors or memory")                     \
    X(calls, "RPC calls begun")                                                                    \
    X(replies, "RPC replies handed to a connection")                                               \
    X(rejected, "Calls answered with an RPC error")                                                \
    X(dropped, "Calls that got no reply")                                                          \
    X(orphan_replies, "RPC replies received that match no call")                                   \
    X(gss_unknown, "Calls refused: their RPCSEC_GSS context is not known here")                    \
    X(gss_expired, "Calls refused: their RPCSEC_GSS context has expired")                          \
    X(gss_malformed, "Calls refused: their RPCSEC_GSS credentials or verifier make no sense")      \
    X(gss_bad_verifiers, "Calls refused: the RPCSEC_GSS checksum of the header is wrong")          \
    X(gss_bad_bodies, "Calls refused: their arguments are not what RPCSEC_GSS protected")          \
    X(gss_replays, "Connections closed: an RPCSEC_GSS sequence number came twice or too late")     \
    X(bad_headers, "Connections closed: a record was not an RPC message")                          \
    X(oversize_records, "Connections closed: a record was too long")                               \
    X(bytes_in, "Bytes received")                                                                  \
    X(bytes_out, "Bytes sent")                                                                     \
    X(stalls, "Pauses in receiving: the client did not read its replies")                          \
    X(tails_short, "Connections closed: a file was truncated while it was sent")                   \
    X(waits, "Times that an event loop asked for events")                                          \
    X(spins, "Moments that an event loop stayed awake for, and something came")                    \
    X(spins_vain, "Moments that an event loop stayed awake for in vain")                           \
    X(handoffs, "Event loops handed to another thread by worker_will_block()")                     \
    X(retakes, "Event loops taken from a thread that blocked too long")                            \
    X(crowded, "Calls put off: too many threads block in one place, or for one client")            \
    X(no_spare, "Event loops left with a blocked thread: LIMIT_WORKER_THREADS reached")            \
    X(yields, "Calls that yielded to other connections: slice of time used up")                    \
    X(turns, "Slices of time given to waiting connections")                                        \
    X(parks, "Calls parked to wait without a thread")                                              \
    X(parks_expired, "Parked calls whose deadline passed")                                         \
    X(parks_refused,                                                                               \
      "Calls that could not be parked: LIMIT_PARKED_CALLS or a similar limit, or shutdown")        \
    X(tls_probes, "Calls that ask whether the server speaks TLS (AUTH_TLS)")                       \
    X(tls_sessions, "TLS sessions that began")                                                     \
    X(tls_mutual, "TLS sessions that began, of clients with a certificate")                        \
    X(tls_kernel, "TLS sessions that began, with the kernel encrypting what is sent")              \
    X(tls_refused_protocol, "TLS sessions refused: what came was not TLS")                         \
    X(tls_refused_version, "TLS handshakes refused: no TLS 1.3, or no cipher suite in common")     \
    X(tls_refused_alpn, "TLS handshakes refused: the client speaks another protocol than RPC")     \
    X(tls_refused_untrusted, "TLS handshakes refused: the certificate is not of a trusted CA")     \
    X(tls_refused_expired, "TLS handshakes refused: the certificate has expired")                  \
    X(tls_refused_revoked, "TLS handshakes refused: the certificate is revoked")                   \
    X(tls_refused_certificate, "TLS handshakes refused: another fault of the certificate")         \
    X(tls_refused_by_client, "TLS handshakes ended by the client")                                 \
    X(tls_late, "Connections closed: the TLS handshake took too long")                             \
    X(tls_displaced, "Connections closed: too many TLS handshakes in progress")                    \
    X(tls_displaced_address, "Connections closed: too many TLS handshakes of their address")       \
    X(tls_no_longer_good, "Connections closed: the certificate was no longer good at a reload")    \
    X(tls_truncated, "TLS sessions cut off by the client without being ended")                     \
    X(tls_spent, "Connections closed: many records sent with one key")

enum transport_counter {
#define X(name, help) TRANSPORT_COUNTER_##name,
    TRANSPORT_COUNTERS(X)
#undef X
    TRANSPORT_COUNTER_COUNT
};

/* X(name, microseconds): upper bounds of the histogram of the loops' lags. */
#define LOOP_LAG_BUCKETS(X)                                                                        \
    X(100us, 100)                                                                                  \
    X(1ms, 1000)                                                                                   \
    X(5ms, 5000)                                                                                   \
    X(25ms, 25000)                                                                                 \
    X(100ms, 100000)                                                                               \
    X(500ms, 500000)                                                                               \
    X(1s, 1000000)                                                                                 \
    X(5s, 5000000)

enum loop_lag_bucket {
#define X(name, us) LOOP_LAG_##name,
    LOOP_LAG_BUCKETS(X)
#undef X
    LOOP_LAG_MORE, /* above all bounds */
    LOOP_LAG_BUCKET_COUNT
};

struct transport_stats {
#define X(name, help) uint64_t name;
    TRANSPORT_COUNTERS(X)
#undef X
    /* The current values. */
    uint64_t connections;         /* open, in total */
    uint64_t addresses;           /* that have open connections */
    uint64_t half_records;        /* records of which a part has arrived */
    uint64_t half_record_bytes;   /* memory of half records */
    uint64_t unsent_bytes;        /* memory of replies and callbacks that wait for sockets */
    uint64_t dialled_connections; /* the outgoing ones of `connections` */
    uint64_t threads;
    uint64_t spare_threads;
    uint64_t blocked_threads;
    uint64_t parked_calls;
    uint64_t tls_handshakes; /* in progress */
    uint64_t loops;
    uint64_t loops_stuck; /* that have not turned for LIMIT_LOOP_STUCK_S */
    uint64_t loop_lag_ns; /* that the slowest loop took to turn, when the timer last asked */
    uint64_t turns_due;   /* connections that waited for their turn then */
    /* All answers of all loops: not cumulative, and their sum. */
    uint64_t loop_lags[LOOP_LAG_BUCKET_COUNT];
    uint64_t loop_lag_sum_ns;
};

/* X(name, initial): limits; they can be changed at any time. */
#define TRANSPORT_LIMITS(X)                                                                        \
    X(connections, LIMIT_CONNECTIONS)                                                              \
    X(connections_per_address, LIMIT_CONNECTIONS_PER_ADDRESS) /* an address: also an IPv6 /64 */   \
    X(half_record_mib, LIMIT_HALF_RECORD_BYTES >> 20)         /* memory of half records */         \
    X(unsent_mib, LIMIT_UNSENT_BYTES >> 20)                   /* memory of unsent replies */       \
    X(record_timeout_s, LIMIT_RECORD_S)                       /* half_record.h; 0: no limit */     \
    X(send_timeout_s, LIMIT_SEND_S)                           /* unsent.h; 0: no limit */          \
    X(idle_timeout_s, LIMIT_IDLE_CONNECTION_S)                /* idle.h; 0: no limit */

enum transport_limit {
#define X(name, initial) TRANSPORT_LIMIT_##name,
    TRANSPORT_LIMITS(X)
#undef X
    TRANSPORT_LIMIT_COUNT
};

/* What serves RPCSEC_GSS.  All of it must outlive the transport; the functions may be NULL. */
struct transport_gss {
    struct gss_table *table;
    struct gss_acceptor *acceptor;
    /* Around what opens the keytab: the thread acts for the server, not for the last caller. */
    void (*begin)(void);
    void (*end)(void);
    /* A context was made for this principal.  Must not block. */
    void (*seen)(const struct gss_principal *principal, void *context);
    void *context;
};

/* For transport_config.spin_us. */
enum {
    TRANSPORT_SPIN_US_MAX = 1000
};
#define TRANSPORT_SPIN_AUTO UINT32_MAX /* a little if there is a processor for each loop, else 0 */

struct transport_config {
    unsigned loops; /* number of event loops, each with a thread; 0: processors_available() */
    const struct rpc_program *programs;
    unsigned program_count; /* at most LIMIT_RPC_PROGRAMS; not copied */

    /* A REPLY record was received.  `body` is what follows xid and message type, valid during the
     * call.  Returns true if a call of ours waited for this reply.  Runs on the loop's thread; must
     * not block.  NULL: no replies are expected. */
    bool (*reply)(struct connection *conn, uint32_t xid, const void *body, size_t len,
                  void *context);
    void *reply_context;

    const struct transport_gss *gss; /* not copied; NULL: RPCSEC_GSS is refused */

    uint32_t spin_us; /* that a loop without work stays awake; 0: none; or TRANSPORT_SPIN_AUTO */

    int send_buffer_bytes;    /* SO_SNDBUF of connections; 0: sized by the kernel */
    uint32_t connections_max; /* most accepted connections; 0: LIMIT_CONNECTIONS */
    /* Most outgoing connections; 0: the smaller of LIMIT_DIALLED_CONNECTIONS and an eighth of the
     * descriptors that the process may open now. */
    uint32_t dialled_max;
    /* A connection ends after so many TLS records sent; 0: LIMIT_TLS_RECORDS. */
    uint32_t tls_records_max;
    uint32_t tls_handshakes_max; /* that are in progress at a time; 0: LIMIT_TLS_HANDSHAKES */
};

/* NULL, with errno set, when the kernel provides no epoll set or eventfd. */
struct transport *transport_create(const struct transport_config *config) MUST_USE;

/* Listen on an IPv4 or IPv6 address; an IPv6 socket accepts IPv6 only.  0 or -errno. */
int transport_listen(struct transport *transport, const struct sockaddr *address,
                     socklen_t len) MUST_USE;

/* The same with a socket that listens already, for TCP over IPv4 or IPv6; the transport closes it
 * at its end.  0, or -errno: then the socket stays the caller's. */
int transport_listen_socket(struct transport *transport, int fd) MUST_USE;

/* Where the n-th listener listens, in the form of address_format(), with the port that the kernel
 * chose if it was 0.  "?" if there is no such listener.  Returns `text`. */
char *transport_address(const struct transport *transport, unsigned n, char *text, size_t size);

/* The port of the n-th listener in host order, also if port 0 was asked for.  0 if there is no such
 * listener. */
uint16_t transport_port(const struct transport *transport, unsigned n);

/* What the configuration said. */
const struct transport_gss *transport_gss(const struct transport *transport);

/* Speak TLS from now on with clients that ask for it, as `context` says; NULL: with no more of
 * them.  Takes a reference.  Then verifies the clients of all open TLS connections again, and
 * closes those that are no longer good: may take long.  False, and nothing is done, if the context
 * in force was begun to read later than this one: of several reloads at once, the last to begin
 * counts, whichever ends last.  Any thread, without locks, at any time. */
bool transport_tls_set(struct transport *transport, struct tls_context *context);

/* The two steps of it.  The first takes no time, and may be done with locks. */
bool transport_tls_replace(struct transport *transport, struct tls_context *context) MUST_USE;
void transport_tls_verify(struct transport *transport);

/* Change a limit; any thread, at any time. */
void transport_limit_set(struct transport *transport, enum transport_limit limit, uint32_t value);

/* Close the connections that exceed a time limit.  To be called about once a second, with
 * clock_now_ns().  No lock may be held. */
void transport_tick(struct transport *transport, int64_t now_ns);

/* Begin to accept connections and to serve calls.  0 or -errno. */
int transport_start(struct transport *transport) MUST_USE;

/* Stop listening: from now on connections are refused, while those that are open go on.  Returns
 * at once.  Any thread, after transport_start(). */
void transport_listen_end(struct transport *transport);

/* Stop accepting and receiving, end the waits of parked calls, finish running calls, send what is
 * queued, close all connections and end the threads.  Connections are cut after `timeout_ms`.
 * False when a call has not returned another second later: the process should then exit, because
 * transport_destroy() would wait for that call. */
bool transport_drain_stop(struct transport *transport, int timeout_ms);

/* Free the transport; drains it first (with timeout 0) unless that was done.  NULL is allowed. */
void transport_destroy(struct transport *transport);

/* Do all event loops turn, as far as one can tell now?  Asks them to, for the next time; to be
 * called again and again by one thread. */
bool transport_turns(struct transport *transport);

/* A snapshot; any thread. */
void transport_stats_read(struct transport *transport, struct transport_stats *stats);
