/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One ONC RPC call (RFC 5531) on its way through the server: what a registered program gets, and
 * how it answers.  Path: transport -> program->dispatch -> transport.
 *
 * A call is run by one thread from dispatch to its return.  `in` points into the receive buffer,
 * which lives until the call is finished; `out` into a reply buffer that is already behind the RPC
 * reply header.  Nothing of the call may be kept after dispatch returns, except by a parked call.
 *
 * A call that has to wait for something may be parked: dispatch returns, no thread waits, others of
 * its connection go on.  It is run on by the program's `resume`, perhaps on another thread, and may
 * be parked again.
 *
 *     rpc_call_park() -> RPC_PARKED -> rpc_call_resume(), or its time is over -> resume()
 *
 * A parked call keeps struct rpc_call and what is in its arena.  What was received and what has
 * been encoded moves: `in`, `out`, `args` and cred.machine point to the new places when it is run
 * on, and out.end is LIMIT_REPLY_BYTES behind out.start again.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/limits.h"
#include "wire/xdr.h"

struct connection; /* transport/connection.h */

enum rpc_auth_flavor {
    RPC_AUTH_NONE = 0,
    RPC_AUTH_SYS = 1,
    RPC_AUTH_GSS = 6,
};

/* AUTH_SYS credentials; for AUTH_NONE uid and gid are RPC_NOBODY and there are no groups. */
#define RPC_NOBODY 65534u
struct rpc_cred {
    enum rpc_auth_flavor flavor;
    uint32_t uid;
    uint32_t gid;
    uint32_t gid_count;
    uint32_t gids[LIMIT_RPC_AUTH_SYS_GIDS];
    struct wire_opaque machine; /* points into the receive buffer */
};

/* What becomes of a call after dispatch. */
enum rpc_result {
    RPC_REPLY,        /* accepted, SUCCESS: `out` holds the results */
    RPC_GARBAGE_ARGS, /* accepted, but the arguments can't be decoded; `out` is dropped */
    RPC_PROC_UNAVAIL,
    RPC_SYSTEM_ERR,
    RPC_TOOWEAK, /* denied, AUTH_TOOWEAK: these credentials are not enough here */
    RPC_DROP,    /* no answer at all */
    RPC_STARVED, /* there is no memory for it: the connection is closed, its client comes again */
    RPC_PARKED,  /* not done yet: after rpc_call_park() */
};

/* A large payload behind the bytes in `out`: `len` bytes of `fd` from `offset`, sent without a
 * copy and followed by XDR padding; zero bytes stand in for what the file has lost meanwhile.
 * done(arg) runs once when it went out, the call failed or the connection died: on any thread, and
 * what the connection sends next waits for it. */
struct rpc_tail {
    int fd; /* -1: none */
    uint64_t offset;
    uint32_t len;
    void (*done)(void *arg, int fd);
    void *arg;
};

struct rpc_call {
    struct connection *conn;
    uint32_t xid;
    uint32_t program, version, procedure;
    struct rpc_cred cred;
    struct xdr in;  /* decodes the arguments */
    struct xdr out; /* encodes the results; room for LIMIT_REPLY_BYTES at least */
    struct arena *arena;
    const void *args; /* the encoded arguments, for digests: args_len bytes */
    uint32_t args_len;
    bool tail_ok;         /* the transport can send a tail */
    struct rpc_tail tail; /* set by dispatch; goes out after `out` */
    int64_t received_ns;  /* clock_now_ns() when the batch came in: the request's one clock read */
    uint32_t work;        /* steps taken since the clock was read: rpc_call_is_over() */
    uint32_t work_max;    /* it is read again behind so many */
    size_t work_pos;      /* where `out` stood when its bytes were counted last */
    _Atomic int32_t *blocked_in; /* set by the program: counts calls that block there; or NULL */
    bool park_ok;                /* the transport and the program can park it */
    bool park_expired; /* in resume: its time is over; false: rpc_call_resume() has come */
    void *parked;      /* the program's own */
};

struct rpc_program {
    uint32_t program;
    uint32_t version_low, version_high; /* outside: PROG_MISMATCH with this range */
    /* May sleep only between worker_may_block() and worker_unblock(). */
    enum rpc_result (*dispatch)(struct rpc_call *call, void *context);
    void *context;
    /* The connection is gone: forget what hangs on it.  No call of it runs any more. */
    void (*closed)(struct connection *conn, void *context);
    /* Go on with a call that was parked; the same rules.  NULL: this program parks none. */
    enum rpc_result (*resume)(struct rpc_call *call, void *context);
};

/* Before the call does what may block: do so many calls already block in call->blocked_in, or for
 * the client's address, that another one would leave too few threads to all others?  Then it is to
 * end with "try again later". */
bool rpc_call_is_crowded(struct rpc_call *call) MUST_USE;

/* Before RPC_PARKED, if call->park_ok: may the call wait until `until_ns` (clock_now_ns()) at the
 * most?  False at LIMIT_PARKED_CALLS and its like, and when the transport drains; with true
 * dispatch (or resume) must return RPC_PARKED, with nothing failed in `out`.  An `until_ns` of
 * 0 is for a call that is resumed any moment, and never false. */
bool rpc_call_park(struct rpc_call *call, int64_t until_ns) MUST_USE;

/* Between two steps of a long call: has its connection used up its slice of time, while others want
 * theirs?  With true dispatch (or resume) must return RPC_PARKED, with nothing failed in `out`; the
 * call is run on when its connection has its next turn.  So does a call whose thread lost its loop
 * when it blocked, and that goes on for a slice.  False for a call that can't be parked, and nearly
 * always without a look at the clock. */
bool rpc_call_yield_now(struct rpc_call *call) MUST_USE;

/* Look at the clock: is the slice over that the calling thread has? */
bool rpc_call_is_over_now(struct rpc_call *call) MUST_USE;

/* One step more, of which it takes a few to make a slice. */
static inline bool rpc_call_step(struct rpc_call *call)
{
    return ++call->work >= call->work_max ||
           xdr_pos(&call->out) - call->work_pos >= (size_t)LIMIT_SLICE_WORK * LIMIT_SLICE_PAGE;
}

static inline bool rpc_call_yield(struct rpc_call *call)
{
    return __builtin_expect(rpc_call_step(call), 0) && rpc_call_yield_now(call);
}

/* For a call that can end early instead: the same question, and nothing follows from it. */
static inline bool rpc_call_is_over(struct rpc_call *call)
{
    return __builtin_expect(rpc_call_step(call), 0) && rpc_call_is_over_now(call);
}

/* Once for each call that waits for it, which may not end before: on any thread, without a lock;
 * before dispatch has returned RPC_PARKED, or after the time was over, too: then the call goes on
 * at once when it is parked (again). */
void rpc_call_resume(struct rpc_call *call);
