/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/shutdown.h"

#include "base/clock.h"
#include "base/log.h"
#include "proto/compound.h"
#include "state/delegation/delegation_stats.h"
#include "state/state.h"
#include "transport/transport.h"

static const char *why(int sig, const struct transport_stats *rpc)
{
    switch (sig) {
    case SIGINT:
        return "SIGINT";
    case SIGTERM:
        return "SIGTERM";
    default:
        return rpc->connections <= rpc->dialled_connections ? "drained" : "drain timeout";
    }
}

void shutdown_log(const siginfo_t *cause, const struct server *server, struct transport *transport)
{
    struct transport_stats rpc;
    struct state_limit_stats state;
    struct delegation_stats delegations;

    transport_stats_read(transport, &rpc);
    state_limit_stats_read(server->state, &state);
    delegation_stats_read(server->state, clock_now_ns(), &delegations);
    log_info(
        "daemon.stop", LOG_STR("why", why(cause->si_signo, &rpc)), LOG_I64("by_pid", cause->si_pid),
        LOG_U64("by_uid", cause->si_uid), LOG_U64("connections", rpc.connections),
        LOG_U64("half_records", rpc.half_records), LOG_U64("parked_calls", rpc.parked_calls),
        LOG_U64("blocked_threads", rpc.blocked_threads), LOG_U64("unsent_bytes", rpc.unsent_bytes),
        LOG_U64("clients", state.clients), LOG_U64("opens", state.opens),
        LOG_U64("revoked_opens", state.revoked_opens), LOG_U64("locks", state.locks),
        LOG_U64("lock_waiters", state.lock_waiters), LOG_U64("recalls", delegations.recalls));
}
