/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_getattr.h"

#include "base/clock.h"
#include "state/client/client_lease.h"
#include "state/delegation/delegation_conflict.h"
#include "state/delegation/delegation_internal.h"
#include "state/delegation/delegation_recall.h"
#include "state/delegation/delegation_version.h"
#include "state/delegation/delegation_waiter.h"
#include "state/file/open_tables.h"
#include "vfs/vfs_memo.h"

enum {
    TURNS_MAX = 16 /* attempts; each fails because the file changed meanwhile */
};

enum step {
    STEP_BACKEND, /* report the backend's values */
    STEP_TELL,    /* report query.told */
    STEP_TOUCH,   /* the file needs a change attribute that no reply has had yet */
    STEP_LOOK,    /* read again: the backend's attributes are older than those reported */
    STEP_WAIT,    /* a CB_GETATTR is outstanding */
    STEP_ASK,
    STEP_RECALL, /* the holder cannot be asked, or did not answer */
};

/* One GETATTR. */
struct query {
    struct state *state;
    struct delegation_claim claim;
    enum delegation_asked asked;
    int64_t now_ns;
    struct delegation_waiter *waiter;
    struct delegation_version backend;  /* as just read */
    bool touched;                       /* the file was touched before that */
    struct delegation *holder;          /* STEP_ASK: a reference */
    struct delegation_version reported; /* STEP_TELL */
    struct delegation_report times;     /* STEP_TELL */
};

static struct delegation *holder_locked(const struct file *file, const struct query *query)
{
    LIST_FOREACH (delegation, &file->delegations, struct delegation, file_link) {
        if (!delegation_is_leaving(delegation) &&
            delegation_conflicts_with(delegation, &query->claim))
            return delegation;
    }
    return NULL;
}

static bool answer_counts(const struct delegation_answer *answer, int64_t now_ns)
{
    if (!answer->given)
        return false;
    return now_ns <= answer->asked_ns ||
           (answer->too_late &&
            now_ns <= answer->answered_ns + DELEGATION_ANSWER_MS * NSEC_PER_MSEC);
}

static void queue_locked(const struct query *query, struct delegation *holder)
{
    struct delegation_waiter *waiter = query->waiter;

    if (!waiter) {
        holder->question.too_late = true;
        return;
    }
    waiter->claim = query->claim;
    waiter->answer = true;
    delegation_waiter_queue_locked(waiter, holder->file);
}

static enum step ask_locked(struct query *query, struct delegation *holder)
{
    if (holder->question.outstanding) {
        queue_locked(query, holder);
        return STEP_WAIT;
    }
    holder->question = (struct delegation_question){
        .outstanding = true, .asked_ns = clock_now_ns(), .backend = query->backend};
    queue_locked(query, holder);
    stateid_get(&holder->sid);
    query->holder = holder;
    return STEP_ASK;
}

/* Adjust the answer to writes and truncations since the holder was asked; whether it answered
 * before or after them is unknown.  If the file grew, its size is at least the backend's.  If it
 * shrank, the size in the answer is void. */
static void adjust(struct delegation_answer *answer, const struct delegation_version *backend)
{
    if (backend->size < answer->backend.size ||
        (backend->size > answer->backend.size && backend->size > answer->said.size))
        answer->said.size = backend->size;
    answer->backend = *backend;
}

/* Does the answer say that the file is unchanged?  If a READ delegation has become a WRITE one, the
 * client may do so with the change attribute of either.  But the first one plus 1 may also mean
 * that the file has changed: "the value of d may always be c + 1" (RFC 8881 §10.4.3). */
static bool says_unchanged(const struct delegation *holder)
{
    uint64_t said = holder->answer.said.change;

    return said == holder->change_first ||
           (said == holder->change && said != holder->change_first + 1);
}

static bool mtime_moved(const struct delegation *holder)
{
    const struct delegation_report *times = &holder->answer.times;

    return times->has_mtime && !delegation_times_equal(times->mtime, holder->mtime_reported);
}

static enum step tell_locked(struct query *query, struct delegation *holder)
{
    struct delegation_answer *answer = &holder->answer;
    const struct delegation_version *backend = &query->backend;
    bool changed;

    if (backend->change < answer->backend.change || backend->change < holder->reported.change)
        return STEP_LOOK;
    adjust(answer, backend);
    changed = !says_unchanged(holder) || answer->said.size != backend->size || mtime_moved(holder);
    if ((changed && !query->touched) ||
        (backend->change == holder->reported.change && answer->said.size != holder->reported.size))
        return STEP_TOUCH;
    query->reported = holder->reported =
        (struct delegation_version){backend->change, answer->said.size};
    query->times = answer->times;
    if (answer->times.has_mtime)
        holder->mtime_reported = answer->times.mtime;
    return STEP_TELL;
}

static enum step step_locked(struct query *query, struct file *file)
{
    struct delegation *holder = holder_locked(file, query);

    if (!holder || (query->asked == DELEGATION_ASKED_ATIME && !holder->times.held))
        return STEP_BACKEND;
    if (holder->recalled_ns != 0 || client_lease_over(holder->client, query->now_ns) ||
        !query->state->delegations->hooks.getattr)
        return STEP_RECALL;
    if (answer_counts(&holder->answer, query->now_ns))
        return tell_locked(query, holder);
    return ask_locked(query, holder);
}

static void ask(const struct query *query)
{
    const struct delegation_hooks *hooks = &query->state->delegations->hooks;

    delegation_count(query->state, DELEGATION_COUNTER_cb_getattr);
    hooks->getattr(query->holder, hooks->context);
    stateid_put(&query->holder->sid);
}

static enum nfsstat4 recall(const struct query *query, struct file *file)
{
    struct delegation_conflict conflict;

    delegation_conflict_init(&conflict, query->state, &query->claim, query->waiter);
    return delegation_conflict_resolve(&conflict, file, query->now_ns);
}

/* Choose the next step; touch the file for STEP_TOUCH.  STEP_RECALL if the backend fails. */
static enum step next(struct query *query, struct file *file)
{
    enum step step;

    if (!delegation_version_read(file->obj, &query->backend))
        return STEP_RECALL;
    pthread_mutex_lock(&file->lock);
    step = step_locked(query, file);
    pthread_mutex_unlock(&file->lock);
    if (step != STEP_TOUCH)
        return step;
    query->touched = true;
    return delegation_version_touch(file->obj) ? STEP_TOUCH : STEP_RECALL;
}

static enum nfsstat4 answer(struct query *query, struct file *file, struct delegation_attr *out)
{
    enum step step = STEP_LOOK;

    for (int turn = 0; turn < TURNS_MAX && (step == STEP_LOOK || step == STEP_TOUCH); turn++)
        step = next(query, file);
    switch (step) {
    case STEP_BACKEND:
        return NFS4_OK;
    case STEP_TELL:
        *out = (struct delegation_attr){true, query->reported.change, query->reported.size,
                                        query->times};
        return NFS4_OK;
    case STEP_ASK:
        ask(query);
        return NFS4ERR_DELAY;
    case STEP_WAIT:
    case STEP_LOOK:
    case STEP_TOUCH:
        return NFS4ERR_DELAY;
    case STEP_RECALL:
        break;
    }
    return recall(query, file);
}

/* There is, or was a moment ago, a WRITE delegation. */
static enum nfsstat4 answer_held(struct state *state, struct delegation_claim claim,
                                 enum delegation_asked asked, int64_t now_ns,
                                 struct delegation_waiter *waiter, struct delegation_attr *out)
{
    struct query query = {
        .state = state, .claim = claim, .asked = asked, .now_ns = now_ns, .waiter = waiter};
    enum nfsstat4 status;
    struct file *file;

    vfs_memo_off(); /* what the backend says is compared with the holder's answer */
    file = file_lookup(state->opens->files, claim.obj);
    if (!file)
        return NFS4_OK;
    status = answer(&query, file, out);
    file_put(file);
    return status;
}

enum nfsstat4 delegation_getattr(struct state *state, struct vfs_object *obj, struct client *client,
                                 enum delegation_asked asked, int64_t now_ns,
                                 struct delegation_waiter *waiter, struct delegation_attr *out)
{
    const struct delegation_claim claim = {client, obj, DELEGATION_USE_READ};

    out->valid = false;
    /* A delegation granted concurrently may be missed: it could as well have been granted later. */
    if (atomic_load_explicit(&obj->node->delegations, memory_order_acquire) < DELEGATION_HINT_WRITE)
        return NFS4_OK;
    return answer_held(state, claim, asked, now_ns, waiter, out);
}

/* The present is that of the answer: all replies that are made of it have the same times. */
static struct delegation_report times_of(const struct delegation *delegation,
                                         const struct delegation_said *said)
{
    struct delegation_report report = {.has_atime = delegation->times.held,
                                       .has_mtime = delegation->times.held,
                                       .atime = said->atime,
                                       .mtime = said->mtime};

    delegation_times_vet(&delegation->times, clock_realtime(), &report);
    return report;
}

void delegation_attr_answer(struct delegation *delegation, const struct delegation_said *said)
{
    struct delegation_question *question = &delegation->question;
    struct file *file = delegation->file;
    int64_t now_ns = clock_now_ns();
    struct list recalls, woken;

    list_init(&recalls);
    list_init(&woken);
    pthread_mutex_lock(&file->lock);
    if (!delegation->ended && question->outstanding) {
        question->outstanding = false;
        if (said)
            delegation->answer = (struct delegation_answer){.given = true,
                                                            .too_late = question->too_late,
                                                            .asked_ns = question->asked_ns,
                                                            .answered_ns = now_ns,
                                                            .said = {said->change, said->size},
                                                            .backend = question->backend,
                                                            .times = times_of(delegation, said)};
        else
            delegation_recall_locked(delegation, now_ns, &recalls);
        delegation_waiters_answer_locked(file, said != NULL, &woken);
    }
    pthread_mutex_unlock(&file->lock);
    delegation_recall_hooks(delegation->client->state, &recalls);
    delegation_waiters_wake(&woken);
}
