/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls to clients of NFSv4.0: over connections that we make to the address which the client named
 * in SETCLIENTID (RFC 7530 §16.33).  One path for each confirmed client that can be called:
 *
 *     unknown --an answer--> up <--answer-- --nothing, or nonsense--> down
 *
 * A path is dialled when there is something to send: the CB_NULL that probes it when it is made
 * (§10.2), or a call.  A connection that is lost is made anew, at growing intervals, and what was
 * not answered is sent again with its xid: 4.0's callbacks have no sequence and may come twice.  A
 * path that is down is probed again, a bounded number of times; a call, or the client's next
 * SETCLIENTID_CONFIRM, begins anew.  That the client closes a connection on which nothing waits
 * says nothing, and nothing is done about it before the next call.
 *
 * No function here waits, and none is called with a lock of state/ held.  Time passes in
 * dial_out_tick(): what is due is found at the next tick.
 *
 * A client may name any address.  So all dials together are bounded (LIMIT_DIALS_PER_S), and so are
 * the intervals for each client; what is sent before somebody answers is one CB_NULL, 40 bytes, or
 * the calls that wait.  netaddr.h has what is never dialled.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "callback/callback_done.h"
#include "callback/cb_compound.h"
#include "callback/netaddr.h"

struct callback_figures;
struct connection;
struct dial_out;
struct transport;

enum {
    DIAL_OUT_TIMEOUT_MS = 10000, /* a call's life: found out at most a tick later */
    DIAL_OUT_CONNECT_MS = 5000,  /* for a connection to come up */
    DIAL_OUT_BACKOFF_MS = 1000,  /* between two dials of a path; doubled each time nobody answers */
    DIAL_OUT_BACKOFF_MAX_MS = 60000,
    DIAL_OUT_ATTEMPTS = 8, /* dials without an answer before a path rests */
};

/* 0: the limit or constant. */
struct dial_out_config {
    uint32_t timeout_ms, connect_ms, backoff_ms, backoff_max_ms, attempts;
    uint32_t dials_per_s, paths_max;
};

enum dial_path_state {
    DIAL_PATH_NONE, /* no such client, or it named nobody who can be dialled */
    DIAL_PATH_UNKNOWN,
    DIAL_PATH_UP,
    DIAL_PATH_DOWN,
};

/* Whom to call and how to introduce ourselves. */
struct dial_target {
    union netaddr address;
    uint32_t program;
    uint32_t ident;      /* callback_ident */
    struct cb_cred cred; /* of CB_COMPOUND */
};

/* X(name, help): counters since the start. */
#define DIAL_OUT_COUNTERS(X)                                                                       \
    X(dials, "Connections begun to be made to clients")                                            \
    X(calls, "CB_COMPOUNDs taken")                                                                 \
    X(refused, "CB_COMPOUNDs not taken: no path, or too many calls wait on it")                    \
    X(probes, "CB_NULLs")                                                                          \
    X(resent, "Calls sent once more after their connection was lost")                              \
    X(answers, "Answers that belong to a call")                                                    \
    X(timeouts, "Calls without an answer in time")                                                 \
    X(nonsense, "Answers that are none")

struct dial_out_stats {
#define X(name, help) uint64_t name;
    DIAL_OUT_COUNTERS(X)
#undef X
    uint32_t paths; /* now */
};

/* `config` NULL: all defaults. */
struct dial_out *dial_out_create(const struct dial_out_config *config);

/* Dial by this transport from now on; its config has dial_out_reply with the dial_out as
 * context. */
void dial_out_start(struct dial_out *out, struct transport *transport);

/* Close all paths; nothing is dialled or taken any more.  While there is the transport.  NULL is
 * fine. */
void dial_out_stop(struct dial_out *out);

/* How long a call may take, from now on; at first it is the config's timeout_ms. */
void dial_out_set_timeout(struct dial_out *out, uint32_t timeout_ms);

/* From now on take only clients' own addresses (dial_client.h), or any.  Paths that there are
 * stay. */
void dial_out_set_own_address(struct dial_out *out, bool only);
bool dial_out_own_address(const struct dial_out *out);

/* Count calls there too, whose owner sees to it that they live longer.  Before the first. */
void dial_out_count_to(struct dial_out *out, struct callback_figures *figures);

/* After transport_destroy().  NULL is fine. */
void dial_out_destroy(struct dial_out *out);

/* About once a second (more often for finer times), from one thread; `now_ns` is clock_now_ns(). */
void dial_out_tick(struct dial_out *out, int64_t now_ns);

/* The client wants its calls here: make its path, or another one in place of a path to somewhere
 * else, whose calls are cancelled; and probe it.  `serial` grows with what the client says: an
 * older or equal one than the path's changes nothing.  False: LIMIT_CALLBACK_PATHS are there, there
 * is no memory for it, or we stop. */
bool dial_out_set(struct dial_out *out, uint64_t clientid, const struct dial_target *target,
                  uint32_t serial);

/* May there be another path?  If dial_out_set() failed nevertheless, it had no memory. */
bool dial_out_has_room(struct dial_out *out);

/* The client is gone, or is not to be called: close its path and cancel its calls. */
void dial_out_forget(struct dial_out *out, uint64_t clientid);

enum dial_path_state dial_out_state(struct dial_out *out, uint64_t clientid);

/* Send a CB_COMPOUND, minor version 0, with these operations; `done` tells the rest.  False, and no
 * hook: there is no path, LIMIT_CALLBACK_CALLS_PER_PATH wait on it, or the call would take more
 * than LIMIT_CALLBACK_CALL_BYTES.  A path that is down takes calls too: they may come through when
 * it is dialled again in time. */
bool dial_out_call(struct dial_out *out, uint64_t clientid, struct cb_op *ops, uint32_t op_count,
                   callback_done *done, void *arg) MUST_USE;

/* For transport_config.reply, `context` being the dial_out.  False: not ours, or nobody waits. */
bool dial_out_reply(struct connection *conn, uint32_t xid, const void *body, size_t len,
                    void *context);

void dial_out_stats(struct dial_out *out, struct dial_out_stats *stats);
