/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_conflict.h"

#include "state/delegation/delegation_gone.h"
#include "state/delegation/delegation_history.h"
#include "state/delegation/delegation_internal.h"
#include "state/delegation/delegation_notify.h"
#include "state/delegation/delegation_recall.h"
#include "state/delegation/delegation_revoke.h"
#include "state/delegation/delegation_waiter.h"
#include "state/file/open_tables.h"

void delegation_conflict_init(struct delegation_conflict *conflict, struct state *state,
                              const struct delegation_claim *claim,
                              struct delegation_waiter *waiter)
{
    *conflict = (struct delegation_conflict){.state = state, .claim = *claim, .waiter = waiter};
    list_init(&conflict->recalls);
}

static void queue_locked(const struct delegation_conflict *conflict, struct file *file)
{
    struct delegation_waiter *waiter = conflict->waiter;

    if (!waiter)
        return;
    waiter->claim = conflict->claim;
    waiter->answer = false;
    delegation_waiter_queue_locked(waiter, file);
}

static void contest_locked(struct delegation *delegation, int64_t now_ns)
{
    if (delegation->contested_ns != 0)
        return;
    delegation->contested_ns = now_ns;
    delegation->file->contested_count++;
}

static void meet_locked(struct delegation_conflict *conflict, struct delegation *delegation,
                        int64_t now_ns)
{
    delegation_recall_locked(delegation, now_ns, &conflict->recalls);
    contest_locked(delegation, now_ns);
    if (now_ns - delegation->recalled_ns >= conflict->state->lease_ns) {
        conflict->overdue = true;
        conflict->now_ns = now_ns;
    } else if (!conflict->asks_once) {
        return;
    }
    delegation_mark_wanted_locked(delegation);
}

bool delegation_conflict_find_locked(struct delegation_conflict *conflict, struct file *file,
                                     struct courtesy *courtesy)
{
    const struct delegation *first = NULL;

    LIST_FOREACH (delegation, &file->delegations, struct delegation, file_link) {
        if (!delegation_conflicts_with(delegation, &conflict->claim))
            continue;
        if (!first)
            first = delegation;
        if (delegation_is_leaving(delegation))
            continue; /* it is waited for */
        if (client_lease_over(delegation->client, courtesy->now_ns))
            courtesy_add(courtesy, delegation->client);
        else
            meet_locked(conflict, delegation, courtesy->now_ns);
    }
    if (!first)
        return false;
    delegation_count(conflict->state, DELEGATION_COUNTER_conflicts);
    if (courtesy->count > 0 || !list_empty(&conflict->recalls))
        delegation_history_note(&conflict->state->delegations->history, file->obj,
                                courtesy->now_ns);
    if (courtesy->count > 0)
        return true;
    queue_locked(conflict, file);
    if (conflict->claim.client)
        client_delay_note(&conflict->claim.client->delay, first->sid.other, courtesy->now_ns);
    return true;
}

void delegation_conflict_recall(struct delegation_conflict *conflict)
{
    delegation_recall_hooks(conflict->state, &conflict->recalls);
    if (conflict->overdue)
        delegation_tick(conflict->state, conflict->now_ns);
    conflict->overdue = false;
}

void delegation_conflict_revoke_locked(struct delegation_conflict *conflict, struct file *file,
                                       struct courtesy *courtesy, struct delegation_gone *gone)
{
    LIST_FOREACH_SAFE (delegation, &file->delegations, struct delegation, file_link) {
        if (!delegation_is_leaving(delegation) &&
            delegation_conflicts_with(delegation, &conflict->claim) &&
            courtesy_may_revoke(courtesy, delegation->client))
            delegation_revoke_locked(delegation, NFS4ERR_EXPIRED, gone);
    }
}

static enum nfsstat4 clear(struct delegation_conflict *conflict, struct file *file,
                           struct courtesy *courtesy)
{
    struct delegation_gone gone;

    if (courtesy_begin(courtesy) != NFS4_OK)
        return NFS4ERR_DELAY;
    delegation_gone_init(&gone);
    pthread_mutex_lock(&file->lock);
    delegation_conflict_revoke_locked(conflict, file, courtesy, &gone);
    pthread_mutex_unlock(&file->lock);
    delegation_gone_settle(&gone);
    return courtesy_end(courtesy);
}

static bool find(struct delegation_conflict *conflict, struct file *file, struct courtesy *courtesy)
{
    bool found;

    pthread_mutex_lock(&file->lock);
    found = delegation_conflict_find_locked(conflict, file, courtesy);
    pthread_mutex_unlock(&file->lock);
    delegation_conflict_recall(conflict);
    return found;
}

enum nfsstat4 delegation_conflict_resolve(struct delegation_conflict *conflict, struct file *file,
                                          int64_t now_ns)
{
    struct courtesy courtesy = {.now_ns = now_ns};

    while (find(conflict, file, &courtesy)) {
        if (courtesy.count == 0 || clear(conflict, file, &courtesy) != NFS4_OK)
            return NFS4ERR_DELAY;
    }
    return NFS4_OK;
}

/* No delegation conflicts with the claim: the usual case. */
static bool is_clear(const struct delegation_claim *claim)
{
    /* seq_cst: delegation.h. */
    uint32_t hint = atomic_load_explicit(&claim->obj->node->delegations, memory_order_seq_cst);

    return __builtin_expect(
        claim->use == DELEGATION_USE_READ ? hint < DELEGATION_HINT_WRITE : hint == 0, 1);
}

static enum nfsstat4 pass_file(struct delegation_conflict *conflict, int64_t now_ns)
{
    struct file *file = file_lookup(conflict->state->opens->files, conflict->claim.obj);
    enum nfsstat4 status;

    if (!file)
        return NFS4_OK;
    status = delegation_conflict_resolve(conflict, file, now_ns);
    file_put(file);
    return status;
}

enum nfsstat4 delegation_begin(struct state *state, const struct delegation_claim *claim,
                               int64_t now_ns, struct delegation_waiter *waiter)
{
    _Atomic uint32_t *count = &delegation_progress_of(state->delegations, claim->obj->node)->count;
    struct delegation_conflict conflict;
    enum nfsstat4 status;

    atomic_fetch_add_explicit(count, 1, memory_order_seq_cst);
    if (is_clear(claim))
        return NFS4_OK;
    delegation_conflict_init(&conflict, state, claim, waiter);
    status = pass_file(&conflict, now_ns);
    if (status != NFS4_OK)
        atomic_fetch_sub_explicit(count, 1, memory_order_seq_cst);
    return status;
}

/* The hint is read for its order alone: if a delegation was offered in between, all that had ended
 * before the offer is seen to have ended by the next thread that looks. */
void delegation_begin_entitled(struct state *state, struct vfs_object *obj)
{
    atomic_fetch_add_explicit(&delegation_progress_of(state->delegations, obj->node)->count, 1,
                              memory_order_seq_cst);
    (void)atomic_load_explicit(&obj->node->delegations, memory_order_seq_cst);
}

void delegation_end(struct state *state, struct vfs_object *obj)
{
    _Atomic uint32_t *count = &delegation_progress_of(state->delegations, obj->node)->count;
    uint32_t before = atomic_fetch_sub_explicit(count, 1, memory_order_seq_cst);

    DCHECK(before > 0);
    (void)before;
    if (vfs_watched(obj->node) || vfs_children_watched(obj->fs))
        delegation_notify_run(state);
}

void delegation_recall_all(struct state *state, struct vfs_object *obj, enum delegation_use use,
                           bool held_up, int64_t now_ns)
{
    const struct delegation_claim claim = {.obj = obj, .use = use};
    struct delegation_conflict conflict;

    if (is_clear(&claim))
        return;
    delegation_conflict_init(&conflict, state, &claim, NULL);
    conflict.asks_once = held_up;
    (void)pass_file(&conflict, now_ns); /* the caller does not wait */
}
