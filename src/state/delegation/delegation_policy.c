/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_policy.h"

#include "state/delegation/delegation_history.h"
#include "state/delegation/delegation_internal.h"
#include "state/recovery/recovery_grace.h"

bool delegation_policy_admits(struct state *state, const struct delegation_request *request,
                              enum delegation_counter *why)
{
    /* RFC 8881 §10.4: none for a client that has lost a delegation by not returning it. */
    *why = DELEGATION_COUNTER_refused_revoked;
    if (atomic_load_explicit(&request->client->revoked_recalled, memory_order_relaxed) > 0)
        return false;
    /* A new file has had no conflicts; the history may be of a former file of the same number. */
    *why = DELEGATION_COUNTER_refused_history;
    if (!request->created &&
        delegation_history_cools_down(&state->delegations->history, request->obj, request->now_ns))
        return false;
    *why = DELEGATION_COUNTER_refused_contention;
    return !recovery_in_grace(state->recovery);
}

bool delegation_policy_full(const struct state *state, enum delegation_kind kind)
{
    const struct delegation_tables *tables = state->delegations;

    if (delegation_pressure_full(&tables->pressure, delegation_held(tables)))
        return true;
    return kind == DELEGATION_DIRECTORY && delegation_pressure_full_of_directories(
                                               &tables->pressure, delegation_held_of(tables, kind));
}

bool delegation_policy_reachable(const struct state *state, struct client *client)
{
    const struct delegation_hooks *hooks = &state->delegations->hooks;

    return hooks->reachable && hooks->reachable(client, hooks->context);
}
