/* SPDX-License-Identifier: Apache-2.0 */
#include "state/open/open_view.h"

#include "state/open/open.h"

/* False: it is being made, or has ended. */
static bool fill(struct open_view *view, struct open *open)
{
    bool in_effect;

    pthread_mutex_lock(&open->file->lock);
    in_effect = open->group && open_check_locked(open, 0) == NFS4_OK;
    view->access = open_access(open);
    view->deny = open->deny;
    view->locks = open->lock_count;
    pthread_mutex_unlock(&open->file->lock);
    if (!in_effect)
        return false;
    state_view_fill(&view->state, &open->sid, open->obj);
    owner_view_fill(&view->owner, open->owner);
    return true;
}

bool open_view_next(struct state *state, const struct state_filter *filter,
                    struct state_cursor *cursor, struct open_view *view)
{
    const struct stateid_filter opens = {.kind = STATEID_OPEN, .clientid = filter->clientid};
    struct stateid *sid;
    bool found = false;

    while (!found && (sid = stateid_next(state->opens->stateids, &opens, &cursor->at))) {
        struct open *open = CONTAINER_OF(sid, struct open, sid);

        found = state_filter_takes(filter, open->file, open->obj) && fill(view, open);
        stateid_put(sid);
    }
    return found;
}
