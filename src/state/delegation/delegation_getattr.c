/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes that the holder of a WRITE delegation knows better (RFC 8881 §10.4.3).
 */
#include "base/clock.h"
#include "state/client/client_lease.h"
#include "state/delegation/delegation_internal.h"
#include "state/open/open.h"

enum step {
    STEP_BACKEND, /* nobody knows better */
    STEP_ANSWER,  /* there is one */
    STEP_WAIT,    /* somebody asks already */
    STEP_ASK,
    STEP_RECALL, /* he is not to be asked, or was and did not answer */
};

/* One GETATTR. */
struct query {
    struct state *state;
    const struct client *client;
    int64_t now_ns;
    struct delegation_waiter *waiter;
    struct delegation *holder; /* STEP_ASK: a reference */
    struct delegation_answer answer;
    uint64_t change; /* when the delegation was given */
};

static struct delegation *holder_locked(const struct file *file, const struct client *client)
{
    LIST_FOREACH (delegation, &file->delegations, struct delegation, file_link) {
        if (delegation_in_the_way(delegation, client, false))
            return delegation;
    }
    return NULL;
}

static bool answer_counts(const struct delegation_answer *answer, int64_t now_ns)
{
    if (answer->asked != DELEGATION_ANSWERED)
        return false;
    return now_ns <= answer->asked_ns ||
           (answer->too_late &&
            now_ns <= answer->answered_ns + DELEGATION_ANSWER_MS * NSEC_PER_MSEC);
}

static void queue_locked(const struct query *query, struct delegation *holder)
{
    struct delegation_waiter *waiter = query->waiter;

    if (!waiter) {
        holder->answer.too_late = true;
        return;
    }
    waiter->client = query->client;
    waiter->all = false;
    waiter->answer = true;
    delegation_waiter_queue_locked(waiter, holder->file);
}

static enum step step_locked(struct query *query, struct file *file)
{
    struct delegation *holder = holder_locked(file, query->client);

    if (!holder)
        return STEP_BACKEND;
    if (holder->recalled_ns != 0 || client_lease_over(holder->client, query->now_ns) ||
        !query->state->delegations->hooks.getattr)
        return STEP_RECALL;
    if (answer_counts(&holder->answer, query->now_ns)) {
        query->answer = holder->answer;
        query->change = holder->change;
        return STEP_ANSWER;
    }
    if (holder->answer.asked == DELEGATION_ASKING) {
        queue_locked(query, holder);
        return STEP_WAIT;
    }
    holder->answer =
        (struct delegation_answer){.asked = DELEGATION_ASKING, .asked_ns = clock_now_ns()};
    queue_locked(query, holder);
    stateid_get(&holder->sid);
    query->holder = holder;
    return STEP_ASK;
}

/* As if he had written to the file this moment: its times move and its change attribute grows. */
static bool touch(struct vfs_object *obj, uint64_t *change)
{
    static const struct vfs_cred server = {0};
    const struct vfs_attr set = {.mask = VFS_ATTR_MTIME_NOW};
    struct vfs_attr attr;
    uint32_t applied;

    if (obj->fs->ops->setattr(obj, &server, &set, true, &applied) != VFS_OK ||
        obj->fs->ops->getattr(obj, VFS_ATTR_CHANGE, &attr) != VFS_OK)
        return false;
    *change = attr.change;
    return true;
}

/* False: the backend does not play along. */
static bool apply(const struct query *query, struct vfs_object *obj, struct delegation_attr *out)
{
    struct vfs_attr attr;

    if (obj->fs->ops->getattr(obj, VFS_ATTR_SIZE, &attr) != VFS_OK)
        return false;
    if (query->answer.change == query->change && query->answer.size == attr.size)
        return true;
    out->size = query->answer.size;
    out->valid = touch(obj, &out->change);
    return out->valid;
}

static void ask(const struct query *query)
{
    const struct delegation_hooks *hooks = &query->state->delegations->hooks;

    delegation_count(query->state, DELEGATION_COUNTER_questions);
    hooks->getattr(query->holder, hooks->context);
    stateid_put(&query->holder->sid);
}

static enum nfsstat4 recall(const struct query *query, struct file *file)
{
    struct delegation_conflict conflict;

    delegation_conflict_init(&conflict, query->state, query->client, query->waiter);
    return delegation_conflict_pass(&conflict, file, false, query->now_ns);
}

static enum nfsstat4 answer(struct query *query, struct file *file, struct delegation_attr *out)
{
    enum step step;

    pthread_mutex_lock(&file->lock);
    step = step_locked(query, file);
    pthread_mutex_unlock(&file->lock);
    switch (step) {
    case STEP_BACKEND:
        return NFS4_OK;
    case STEP_ANSWER:
        return apply(query, file->obj, out) ? NFS4_OK : recall(query, file);
    case STEP_ASK:
        ask(query);
        return NFS4ERR_DELAY;
    case STEP_WAIT:
        return NFS4ERR_DELAY;
    case STEP_RECALL:
        break;
    }
    return recall(query, file);
}

enum nfsstat4 delegation_getattr(struct state *state, struct vfs_object *obj,
                                 const struct client *client, int64_t now_ns,
                                 struct delegation_waiter *waiter, struct delegation_attr *out)
{
    struct query query = {.state = state, .client = client, .now_ns = now_ns, .waiter = waiter};
    enum nfsstat4 status;
    struct file *file;

    *out = (struct delegation_attr){.valid = false};
    /* What comes up now might as well have come up later. */
    if (atomic_load_explicit(&obj->delegations, memory_order_acquire) < DELEGATION_HINT_WRITE)
        return NFS4_OK;
    file = file_find(state->opens->files, obj);
    if (!file)
        return NFS4_OK;
    status = answer(&query, file, out);
    file_put(file);
    return status;
}

void delegation_attr_answer(struct delegation *delegation, bool ok, uint64_t change, uint64_t size)
{
    struct delegation_answer *answered = &delegation->answer;
    struct file *file = delegation->file;
    struct list recalls, woken;

    list_init(&recalls);
    list_init(&woken);
    pthread_mutex_lock(&file->lock);
    if (!delegation->ended && answered->asked == DELEGATION_ASKING) {
        answered->asked = ok ? DELEGATION_ANSWERED : DELEGATION_NOT_ASKED;
        answered->answered_ns = clock_now_ns();
        answered->change = change;
        answered->size = size;
        if (!ok)
            delegation_recall_locked(delegation, answered->answered_ns, &recalls);
        delegation_waiters_answer_locked(file, ok, &woken);
    }
    pthread_mutex_unlock(&file->lock);
    delegation_recall_hooks(delegation->client->state, &recalls);
    delegation_waiters_wake(&woken);
}
