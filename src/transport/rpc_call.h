/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One ONC RPC call (RFC 5531) on its way through the server: what a registered program receives,
 * and how it replies.  Path: transport -> program->dispatch -> transport.
 *
 * One thread runs a call from dispatch to its return.  `in` points into the receive buffer, which
 * lives until the call has finished; `out` points into a reply buffer, behind the RPC reply header.
 * Only a parked call may keep any of it after dispatch returns.
 *
 * A call that has to wait may be parked: dispatch returns, no thread waits, and other calls of the
 * connection go on.  Later the program's `resume` continues the call, perhaps on another thread.
 * It may be parked again.
 *
 *     rpc_call_park() -> RPC_PARKED -> rpc_call_resume(), or its deadline passes -> resume()
 *
 * A parked call keeps struct rpc_call and the content of its arena.  The request and the encoded
 * results are moved: when the call is resumed, `in`, `out`, `args` and cred.machine point to the
 * new places, and out.end is LIMIT_REPLY_BYTES behind out.start again.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/limits.h"
#include "transport/rpc_tail.h"
#include "wire/nfs4_const.h" /* enum rpc_gss_svc_t, RFC 2203 §5.3.1 */
#include "wire/xdr.h"

struct connection;    /* transport/connection.h */
struct gss_principal; /* gss/gss_principal.h */

enum rpc_auth_flavor {
    RPC_AUTH_NONE = 0,
    RPC_AUTH_SYS = 1,
    RPC_AUTH_GSS = 6,
};

/* Credentials of the call.  For AUTH_NONE, uid and gid are RPC_NOBODY and there are no groups.
 * What it points to lives as long as the call, parked or not. */
#define RPC_NOBODY 65534u
struct rpc_cred {
    enum rpc_auth_flavor flavor;
    enum rpc_gss_svc_t service; /* RPC_AUTH_GSS: how this call is protected; else 0 */
    uint32_t uid;
    uint32_t gid;
    uint32_t gid_count;
    uint32_t gids[LIMIT_RPC_AUTH_SYS_GIDS];
    struct wire_opaque machine;            /* points into the receive buffer */
    const struct gss_principal *principal; /* RPC_AUTH_GSS: who calls; else NULL */
};

/* The result of dispatch. */
enum rpc_result {
    RPC_REPLY,        /* accepted, SUCCESS: `out` holds the results */
    RPC_GARBAGE_ARGS, /* accepted, but the arguments can't be decoded; `out` is discarded */
    RPC_PROC_UNAVAIL,
    RPC_SYSTEM_ERR,
    RPC_TOOWEAK,   /* denied, AUTH_TOOWEAK: these credentials do not suffice here */
    RPC_DROP,      /* no reply at all */
    RPC_NO_MEMORY, /* out of memory: the connection is closed, so that the client reconnects and
                  * retries */
    RPC_PARKED,    /* not finished; only after rpc_call_park() or rpc_call_yield_now() */
};

struct rpc_call {
    struct connection *conn;
    uint32_t xid;
    uint32_t program, version, procedure;
    struct rpc_cred cred;
    struct xdr in;  /* decodes the arguments */
    struct xdr out; /* encodes the results; has room for at least LIMIT_REPLY_BYTES */
    struct arena *arena;
    const void *args; /* the encoded arguments, args_len bytes, for digests */
    uint32_t args_len;
    uint32_t request_bytes;  /* of the whole call, from its xid on */
    uint32_t overhead_bytes; /* at most, of a successful reply besides the results */
    bool tail_ok;            /* the transport can send a tail now */
    struct rpc_tail tail;    /* set by dispatch; sent after `out` */
    int64_t received_ns;     /* clock_now_ns() when the batch was received: the request's only clock
                           * reading */
    int64_t waited_since_ns; /* since when it has waited, first, after the program set this to 0:
                              * parked, or in a section for which its loop went to another thread;
                              * 0: it has not */
    uint32_t work;           /* steps done since the clock was last read: rpc_call_slice_over() */
    uint32_t work_max;       /* read the clock after this many steps */
    size_t work_pos;         /* position of `out` when its bytes were last counted */
    _Atomic int32_t *blocked_in; /* set by the program, or NULL: counts threads that block on that
                                  * resource */
    bool park_ok;                /* transport and program support parking */
    bool park_expired; /* in resume: the deadline passed; false: rpc_call_resume() was called */
    void *parked;      /* for the program's use */
};

struct rpc_program {
    uint32_t program;
    uint32_t version_low, version_high; /* other versions: PROG_MISMATCH with this range */
    /* May block only between worker_may_block() and worker_unblock(). */
    enum rpc_result (*dispatch)(struct rpc_call *call, void *context);
    void *context;
    /* The connection is closed, and none of its calls runs: release what is attached to it. */
    void (*closed)(struct connection *conn, void *context);
    /* Continues a parked call; the rules of dispatch apply.  NULL: the program never parks. */
    enum rpc_result (*resume)(struct rpc_call *call, void *context);
};

/* To be called before the call does something that may block.  True when so many threads already
 * block on call->blocked_in, or for the client's address, that another one would leave too few
 * threads for all others.  The call should then fail with "try again later". */
bool rpc_call_is_crowded(struct rpc_call *call) MUST_USE;

/* If call->park_ok: may the call wait until `until_ns` (clock_now_ns()) at the latest?  If true,
 * dispatch (or resume) must return RPC_PARKED, and `out` must not have failed.  False at
 * LIMIT_PARKED_CALLS and similar limits, and when the transport drains.  An `until_ns` of 0 is for
 * a call that is about to be resumed; it is never refused. */
bool rpc_call_park(struct rpc_call *call, int64_t until_ns) MUST_USE;

/* Between two steps of a long call: has its connection used up its slice of time while others wait
 * for theirs?  If true, dispatch (or resume) must return RPC_PARKED, and `out` must not have
 * failed; the call continues on the connection's next turn.  This also applies to a call that lost
 * its loop while it blocked and has run for a slice since.  Always false for a call that can't be
 * parked.  Rarely reads the clock. */
bool rpc_call_yield_now(struct rpc_call *call) MUST_USE;

/* Read the clock: is the slice of the calling thread over? */
bool rpc_call_slice_over_now(struct rpc_call *call) MUST_USE;

/* Count one step of a call; some number of them makes a slice.  True: the clock should be read. */
static inline bool rpc_call_step(struct rpc_call *call)
{
    return ++call->work >= call->work_max ||
           xdr_pos(&call->out) - call->work_pos >= (size_t)LIMIT_SLICE_WORK * LIMIT_SLICE_PAGE;
}

static inline bool rpc_call_yield(struct rpc_call *call)
{
    return __builtin_expect(rpc_call_step(call), 0) && rpc_call_yield_now(call);
}

/* For a call that can return a shorter result instead of yielding: asks without consequences. */
static inline bool rpc_call_slice_over(struct rpc_call *call)
{
    return __builtin_expect(rpc_call_step(call), 0) && rpc_call_slice_over_now(call);
}

/* To be called once for each parked call that waits for the caller.  The call does not end before.
 * Any thread, without locks.  May come before dispatch has returned RPC_PARKED, or after the
 * deadline; the call then continues at once when it is parked (again). */
void rpc_call_resume(struct rpc_call *call);
