/* SPDX-License-Identifier: Apache-2.0 */
#include "state/lock/lock_view.h"

#include "state/file/open_tables.h"
#include "state/lock/lock_state.h"

enum {
    STEPS = 64 /* locks that are looked at while file.lock is held */
};

enum step {
    STEP_FOUND,
    STEP_MORE, /* not yet: the owner has many locks by other opens */
    STEP_END,
};

/* Look for the state's first lock that begins at *start or behind it.  *start is moved behind the
 * locks that were looked at. */
static enum step look_locked(const struct lock_state *ls, uint64_t *start, struct lock_view *view)
{
    const struct lock_range rest = {*start, UINT64_MAX};
    const struct lock_node *node = lock_tree_first(&ls->set.holder->own, &rest, NULL);

    for (unsigned i = 0; node; i++, node = lock_tree_next(node, &rest, NULL)) {
        const struct lock *lock = CONTAINER_OF(node, struct lock, in_holder);

        if (i == STEPS)
            return STEP_MORE;
        if (node->range.start < rest.start)
            continue; /* it ends behind *start */
        *start = node->range.start + 1;
        if (lock->set != &ls->set)
            continue;
        view->write = lock->write;
        view->range = node->range;
        return STEP_FOUND;
    }
    return STEP_END;
}

static enum step look(struct lock_state *ls, uint64_t *start, struct lock_view *view)
{
    const struct open *open = ls->open;
    struct file *file = open->file;
    enum step step = STEP_END;

    pthread_mutex_lock(&file->lock);
    if (!ls->ended && !open->closed && stateid_revoked(&open->sid) == NFS4_OK)
        step = look_locked(ls, start, view);
    pthread_mutex_unlock(&file->lock);
    return step;
}

/* The next lock of this state.  False: it has no more. */
static bool find(struct lock_state *ls, uint64_t *start, struct lock_view *view)
{
    enum step step;

    do
        step = look(ls, start, view);
    while (step == STEP_MORE);
    if (step != STEP_FOUND)
        return false;
    state_view_fill(&view->state, &ls->sid, ls->open->obj);
    owner_view_fill(&view->owner, ls->owner);
    return true;
}

bool lock_view_next(struct state *state, const struct state_filter *filter,
                    struct state_cursor *cursor, struct lock_view *view)
{
    const struct stateid_filter locks = {.kind = STATEID_LOCK, .clientid = filter->clientid};
    uint32_t behind = cursor->at;
    struct stateid *sid;
    bool found = false;

    while (!found && (sid = stateid_next(state->opens->stateids, &locks, &behind))) {
        struct lock_state *ls = CONTAINER_OF(sid, struct lock_state, sid);

        if (behind - 1 != cursor->at)
            *cursor = (struct state_cursor){.at = behind - 1};
        if (state_filter_takes(filter, ls->open->file, ls->open->obj))
            found = find(ls, &cursor->start, view);
        /* A lock of the last byte leaves nothing behind it. */
        if (!found || cursor->start == 0)
            *cursor = (struct state_cursor){.at = behind};
        stateid_put(sid);
    }
    return found;
}
