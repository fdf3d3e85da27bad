/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callbacks to NFSv4.0 clients, over connections that we make to the address that the client gave
 * in SETCLIENTID (RFC 7530 §16.33).  Each confirmed client with a usable address has a path:
 *
 *     unknown --reply--> up <--reply-- --no reply, or malformed--> down
 *
 * A path is dialled when there is something to send: the CB_NULL that probes a new path (§10.2), or
 * a callback.  A lost connection is dialled again, at growing intervals, and unanswered callbacks
 * are resent with the same xid: callbacks of 4.0 have no sequence, so they may arrive twice.  A
 * path that is down is probed again a limited number of times.  A callback, or the client's next
 * SETCLIENTID_CONFIRM, starts a new series.  A client may close an idle connection at any time; it
 * is dialled again only for the next callback.
 *
 * No function blocks, and none may be called with a lock of state/ held.  dial_out_tick() handles
 * timeouts.
 *
 * A client may give any address.  So the rate of all dials is limited (LIMIT_DIALS_PER_S), as is
 * the rate for each client, and before a peer has answered it receives only one CB_NULL (40 bytes)
 * or the waiting callbacks.  netaddr.h lists addresses that are never dialled.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "callback/callback_done.h"
#include "callback/cb_compound.h"
#include "callback/netaddr.h"

struct callback_backlog;
struct callback_counters;
struct connection;
struct dial_out;
struct transport;

enum {
    DIAL_OUT_TIMEOUT_MS = 10000, /* the time that a callback may take; checked by the tick */
    DIAL_OUT_CONNECT_MS = 5000,  /* for a connection to be established */
    DIAL_OUT_BACKOFF_MS = 1000,  /* between two dials of a path; doubled after each dial without a
                                  * reply */
    DIAL_OUT_BACKOFF_MAX_MS = 60000,
    DIAL_OUT_ATTEMPTS = 8, /* dials without a reply after which a path rests */
};

/* 0 selects the limit or constant. */
struct dial_out_config {
    uint32_t timeout_ms, connect_ms, backoff_ms, backoff_max_ms, attempts;
    uint32_t dials_per_s, paths_max;
};

enum dial_path_state {
    DIAL_PATH_NONE, /* no such client, or its address can't be dialled */
    DIAL_PATH_UNKNOWN,
    DIAL_PATH_UP,
    DIAL_PATH_DOWN,
};

/* The address to call, and the identity that callbacks carry. */
struct dial_target {
    union netaddr address;
    uint32_t program;
    uint32_t ident;      /* callback_ident */
    struct cb_cred cred; /* of CB_COMPOUND */
};

/* X(name, help): counters since the start. */
#define DIAL_OUT_COUNTERS(X)                                                                       \
    X(dials, "Connections to clients dialled")                                                     \
    X(calls, "Callbacks taken")                                                                    \
    X(refused, "Callbacks refused: no path, or too many callbacks wait on it")                     \
    X(probes, "Probes (CB_NULL) sent")                                                             \
    X(resent, "Callbacks resent after their connection was lost")                                  \
    X(answers, "Replies that match a callback")                                                    \
    X(timeouts, "Callbacks without a reply in time")                                               \
    X(malformed, "Malformed replies")

struct dial_out_stats {
#define X(name, help) uint64_t name;
    DIAL_OUT_COUNTERS(X)
#undef X
    uint32_t paths;  /* the current number */
    uint32_t active; /* those that have something to send or to wait for */
};

/* NULL for all defaults. */
struct dial_out *dial_out_create(const struct dial_out_config *config);

/* Dial through this transport from now on.  Its config must have dial_out_reply, with the dial_out
 * as context. */
void dial_out_start(struct dial_out *out, struct transport *transport);

/* Close all paths; take and dial nothing any more.  The transport must still exist.  NULL is
 * allowed. */
void dial_out_stop(struct dial_out *out);

/* Set how long a callback may take from now on; initially timeout_ms of the config. */
void dial_out_set_timeout(struct dial_out *out, uint32_t timeout_ms);

/* From now on accept only clients' own addresses (dial_client.h), or any address.  Existing paths
 * remain. */
void dial_out_set_own_address(struct dial_out *out, bool only);
bool dial_out_own_address(const struct dial_out *out);

/* Count callbacks in `callback_counters`, too, which must live longer.  Before the first callback.
 * */
void dial_out_set_counters(struct dial_out *out, struct callback_counters *callback_counters);

/* After transport_destroy().  NULL is allowed. */
void dial_out_destroy(struct dial_out *out);

/* To be called about once a second (more often for finer timeouts), from one thread; `now_ns` is
 * clock_now_ns(). */
void dial_out_tick(struct dial_out *out, int64_t now_ns);

/* The client wants its callbacks at `target`: create its path and probe it.  A path to another
 * target is replaced, and its callbacks are cancelled.  `serial` increases with each wish of the
 * client: one that is not newer than the path's changes nothing.  False at LIMIT_CALLBACK_PATHS,
 * without memory, and when stopping. */
bool dial_out_set(struct dial_out *out, uint64_t clientid, const struct dial_target *target,
                  uint32_t serial);

/* Is another path allowed?  If so and dial_out_set() failed, it had no memory. */
bool dial_out_has_room(struct dial_out *out);

/* The client is gone, or takes no callbacks: close its path and cancel its callbacks. */
void dial_out_forget(struct dial_out *out, uint64_t clientid);

enum dial_path_state dial_out_state(struct dial_out *out, uint64_t clientid);

/* Count the callbacks that wait for the client. */
void dial_out_backlog(struct dial_out *out, uint64_t clientid, int64_t now_ns,
                      struct callback_backlog *backlog);

/* Send a CB_COMPOUND of minor version 0 with these operations; `done` gets the outcome.  False,
 * without calling the hook, when there is no path, when LIMIT_CALLBACK_CALLS_PER_PATH wait on it,
 * and when the call would exceed LIMIT_CALLBACK_CALL_BYTES.  A path that is down takes calls, too:
 * they succeed if it is dialled again in time. */
bool dial_out_call(struct dial_out *out, uint64_t clientid, struct cb_op *ops, uint32_t op_count,
                   callback_done *done, void *arg) MUST_USE;

/* For transport_config.reply; `context` is the dial_out.  False: not a dialled connection of ours,
 * or no call matches. */
bool dial_out_reply(struct connection *conn, uint32_t xid, const void *body, size_t len,
                    void *context);

void dial_out_stats_read(struct dial_out *out, struct dial_out_stats *stats);
