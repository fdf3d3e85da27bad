/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Procedures of the NFS program and the head of a COMPOUND: tag, minor version, number of
 * operations.  From there the minor version's own processor goes on.
 */
#include "proto/nfs4_program.h"

#include "base/counter.h"
#include "base/log.h"
#include "callback/callback.h"
#include "proto/admission.h"
#include "proto/copies/copies.h"
#include "proto/op_counters.h"
#include "proto/security.h"
#ifdef MAINSTAY_V40
#include "proto/v40/compound40.h"
#include "proto/v40/v40.h"
#endif
#include "proto/park.h"
#include "proto/v41/compound41.h"
#include "state/session/session_conn.h"
#include "transport/connection.h"

/* Calls of one connection run at the same time: the first one's record stays.  NULL without
 * memory. */
static struct session_conn *conn_record(struct connection *conn)
{
    struct session_conn *record = connection_user(conn, NFS4_CONNECTION_SLOT);
    struct session_conn *mine;

    if (record)
        return record;
    mine = session_conn_create(conn);
    if (!mine)
        return NULL;
    record = connection_user_init(conn, NFS4_CONNECTION_SLOT, mine);
    if (record != mine)
        session_conn_destroy(mine);
    return record;
}

void nfs4_closed(struct connection *conn, void *context)
{
    (void)context;
    session_conn_destroy(connection_user(conn, NFS4_CONNECTION_SLOT));
    connection_user_set(conn, NFS4_CONNECTION_SLOT, NULL);
    callback_closed(conn); /* now that it is not chosen any more */
}

void nfs4_start(struct server *server)
{
    server->ops = op_counters_create();
    server->refused = counter_set_create(ADMISSION_REASON_COUNT);
#ifdef MAINSTAY_V40
    server->v40 = v40_create(server->state);
#else
    server->v40 = NULL;
#endif
    server->copies = copies_create(server);
}

void nfs4_stop(struct server *server)
{
    copies_destroy(server->copies);
    server->copies = NULL;
#ifdef MAINSTAY_V40
    v40_destroy(server->v40);
#endif
    server->v40 = NULL;
    counter_set_destroy(server->refused);
    server->refused = NULL;
    op_counters_destroy(server->ops);
    server->ops = NULL;
}

void nfs4_tick(struct server *server, int64_t now_ns)
{
    uint64_t refusals = log_limit_left_out(&server->refusals);
    uint64_t replays = log_limit_left_out(&server->replays);

    if (refusals)
        log_info("sequence.refused_left_out", LOG_U64("lines", refusals));
    if (replays)
        log_info("sequence.replay_left_out", LOG_U64("lines", replays));
    admission_tick(server);
    copies_tick(server->copies, now_ns);
#ifdef MAINSTAY_V40
    v40_tick(server->v40, server->state, now_ns);
#endif
}

/* RFC 8881 §16.2.3: this error goes before all others; the tag comes back, no results. */
static enum rpc_result minor_mismatch(struct rpc_call *call, struct wire_opaque *tag)
{
    xdr_put_u32(&call->out, NFS4ERR_MINOR_VERS_MISMATCH);
    xdr_opaque(&call->out, tag, LIMIT_COMPOUND_TAG_BYTES);
    xdr_put_u32(&call->out, 0);
    return call->out.failed ? RPC_SYSTEM_ERR : RPC_REPLY;
}

static const char *const path_names[] = {"4.0", "4.1", "4.2"};

_Static_assert(ARRAY_SIZE(path_names) == MINOR_BUILT_LAST + 1, "each minor version has a name");

enum rpc_result nfs4_compound(struct rpc_call *call, struct server *server,
                              struct session_conn *conn, const struct export_caller *caller)
{
    struct minor_range served = atomic_load_explicit(&server->minors, memory_order_relaxed);
    struct compound_head head = {.tag = {(const uint8_t *)"", 0}};
    bool known;

    xdr_opaque(&call->in, &head.tag, LIMIT_COMPOUND_TAG_BYTES);
    head.minor = xdr_get_u32(&call->in);
    head.op_count = xdr_get_u32(&call->in);
    if (call->in.failed)
        return RPC_GARBAGE_ARGS;
    known = minor_range_has(served, head.minor);
    log_debug("compound", LOG_STR("path", known ? path_names[head.minor] : "none"),
              LOG_U64("minor", head.minor), LOG_U64("ops", head.op_count),
              LOG_U64("xid", call->xid));
    if (!known)
        return minor_mismatch(call, &head.tag);
#ifdef MAINSTAY_V40
    if (head.minor == 0)
        return v40_compound_run(call, server, conn, caller, &head);
#endif
    return v41_compound_run(call, server, conn, caller, &head);
}

static enum rpc_result compound_dispatch(struct rpc_call *call, struct server *server)
{
    struct session_conn *conn = conn_record(call->conn);
    struct export_caller caller;

    if (!conn)
        return RPC_NO_MEMORY;
    security_caller_init(&caller, call);
    if (!admission_to_server(call, server, conn, &caller))
        return RPC_TOOWEAK;
    return nfs4_compound(call, server, conn, &caller);
}

enum rpc_result nfs4_dispatch(struct rpc_call *call, void *context)
{
    switch (call->procedure) {
    case NFSPROC4_NULL:
        return RPC_REPLY;
    case NFSPROC4_COMPOUND:
        return compound_dispatch(call, context);
    default:
        return RPC_PROC_UNAVAIL;
    }
}

enum rpc_result nfs4_resume(struct rpc_call *call, void *context)
{
    (void)context;
    return compound_park_resume(call->parked);
}
