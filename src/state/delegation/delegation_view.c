/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_view.h"

#include "state/delegation/delegation_internal.h"
#include "state/file/open_tables.h"

static enum delegation_phase phase_locked(const struct delegation *delegation)
{
    if (delegation_is_leaving(delegation))
        return DELEGATION_ENDING;
    return delegation->recalled_ns != 0 ? DELEGATION_RECALLED : DELEGATION_HELD;
}

/* False: it is not granted yet, or has ended. */
static bool fill(struct delegation_view *view, struct delegation *delegation)
{
    bool in_effect;

    pthread_mutex_lock(&delegation->file->lock);
    in_effect = !delegation->ended && !list_empty(&delegation->file_link);
    view->kind = delegation->kind;
    view->phase = phase_locked(delegation);
    view->times = delegation->times.held;
    view->recalled_ns = delegation->recalled_ns;
    pthread_mutex_unlock(&delegation->file->lock);
    if (!in_effect)
        return false;
    view->granted_ns = delegation->granted_ns;
    delegation_watch_view(delegation, &view->watch);
    state_view_fill(&view->state, &delegation->sid, delegation->obj);
    return true;
}

bool delegation_view_next(struct state *state, const struct state_filter *filter,
                          struct state_cursor *cursor, struct delegation_view *view)
{
    const struct stateid_filter all = {.kind = STATEID_DELEGATION, .clientid = filter->clientid};
    struct stateid *sid;
    bool found = false;

    while (!found && (sid = stateid_next(state->opens->stateids, &all, &cursor->at))) {
        struct delegation *delegation = delegation_of_stateid(sid);

        found =
            state_filter_takes(filter, delegation->file, delegation->obj) && fill(view, delegation);
        stateid_put(sid);
    }
    return found;
}

bool delegation_view_get(struct state *state, const struct stateid4 *id,
                         struct delegation_view *view)
{
    struct stateid *sid = stateid_lookup_any(state->opens->stateids, id);
    bool found;

    if (!sid)
        return false;
    found = sid->kind == STATEID_DELEGATION && fill(view, delegation_of_stateid(sid));
    stateid_put(sid);
    return found;
}
