/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One ONC RPC call (RFC 5531) on its way through the server: what a registered program gets, and
 * how it answers.  Path: transport -> program->dispatch -> transport.
 *
 * A call is run by one thread from dispatch to its return.  `in` points into the receive buffer,
 * which lives until the call is finished; `out` into a reply buffer that is already behind the RPC
 * reply header.  Nothing of the call may be kept after dispatch returns, except by a parked call.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/arena.h"
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
    RPC_DROP, /* no answer at all */
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
};

struct rpc_program {
    uint32_t program;
    uint32_t version_low, version_high; /* outside: PROG_MISMATCH with this range */
    /* May sleep only between worker_may_block() and worker_unblock(). */
    enum rpc_result (*dispatch)(struct rpc_call *call, void *context);
    void *context;
    /* The connection is gone: forget what hangs on it.  No call of it runs any more. */
    void (*closed)(struct connection *conn, void *context);
};
