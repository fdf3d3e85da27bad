/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/recall.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "callback/callback.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_getattr.h"
#include "state/delegation/delegation_tables.h"
#include "wire/fattr.h"

struct recall {
    struct callback *callback;
    struct state *state;
    pthread_mutex_t lock; /* a leaf; guards the rest */
    struct list resting;  /* struct delegation_recall.link: to be tried again */
    bool stopped;
};

/* A recall belongs to the thread that sends it, then to the hook that gets the reply, then to
 * `resting`, from which one thread takes it.  It holds a reference on its delegation. */
static struct delegation *delegation_of(struct delegation_recall *call)
{
    return CONTAINER_OF(call, struct delegation, recall);
}

static struct callback *callback_of(const struct delegation_recall *call)
{
    const struct recall *recall = call->context;

    return recall->callback;
}

static void call_end(struct delegation_recall *call)
{
    stateid_put(&delegation_of(call)->sid);
}

/* Schedule another attempt.  False when stopped: nothing more is to be done. */
static bool rest(struct delegation_recall *call)
{
    struct recall *recall = call->context;
    uint32_t wait_ms = callback_backoff_ms(&recall->callback->waits, ++call->tries);
    bool stopped;

    call->due_ns = clock_now_ns() + wait_ms * NSEC_PER_MSEC;
    pthread_mutex_lock(&recall->lock);
    stopped = recall->stopped;
    if (!stopped)
        list_push_back(&recall->resting, &call->link);
    pthread_mutex_unlock(&recall->lock);
    return !stopped;
}

static void failed(struct delegation_recall *call, const char *why)
{
    log_debug("recall.retry", LOG_ID("client", delegation_of(call)->client->id),
              LOG_STR("why", why), LOG_U64("tries", call->tries));
    if (!rest(call))
        call_end(call);
}

/* Only a return ends the delegation, whatever the client replies.  But a client that repeatedly
 * does not know the delegation is not asked again. */
static void answered(struct delegation_recall *call, uint32_t status)
{
    switch (status) {
    case NFS4_OK:
        call_end(call);
        return;
    case NFS4ERR_BADHANDLE:
    case NFS4ERR_BAD_STATEID:
        if (++call->unknown < RECALL_UNKNOWN_TRIES)
            failed(call, "unknown");
        else
            call_end(call);
        return;
    case NFS4ERR_DELAY:
        failed(call, "delay");
        return;
    default:
        failed(call, "error");
    }
}

static void done(enum callback_outcome outcome, const struct cb_reply *reply, void *arg)
{
    struct delegation_recall *call = arg;

    if (delegation_ended(delegation_of(call))) {
        call_end(call);
        return;
    }
    call->unreachable = outcome == CALLBACK_CANCELLED || outcome == CALLBACK_FAILED;
    if (outcome == CALLBACK_ANSWERED)
        answered(call, reply->status);
    else
        failed(call, outcome == CALLBACK_REFUSED ? "refused" : "no answer");
}

static struct nfs_fh4 handle_of(const struct delegation *delegation)
{
    return (struct nfs_fh4){.data = delegation->fh, .len = delegation->fh_len};
}

static const struct session_call *given_to(const struct delegation *delegation)
{
    return delegation->in_session ? &delegation->given_to : NULL;
}

static void send(struct delegation_recall *call)
{
    struct delegation *delegation = delegation_of(call);
    struct cb_op op = {.op = OP_CB_RECALL,
                       .recall = {.truncate = false, .fh = handle_of(delegation)}};

    stateid_value(&delegation->sid, &op.recall.stateid);
    if (callback_call(callback_of(call), delegation->client, &op, 1, given_to(delegation), done,
                      call))
        return;
    call->unreachable = true;
    failed(call, "unreachable");
}

static void hook_recall(struct delegation *delegation, void *context)
{
    struct delegation_recall *call = &delegation->recall;

    call->context = context;
    stateid_get(&delegation->sid);
    list_init(&call->link);
    send(call);
}

static bool hook_reachable(struct client *client, void *context)
{
    const struct recall *recall = context;

    return callback_reachable(recall->callback, client);
}

/* A holder with the file's times has to know them (RFC 9754 §5). */
static void asked_for(bool times, struct bitmap4 *want)
{
    *want = (struct bitmap4){0};
    bitmap4_set(want, FATTR4_CHANGE);
    bitmap4_set(want, FATTR4_SIZE);
    if (times)
        bitmap4_set(want, FATTR4_TIME_DELEG_ACCESS);
    if (times)
        bitmap4_set(want, FATTR4_TIME_DELEG_MODIFY);
}

/* Are these exactly the requested attributes?  A client that asked for the file's times and did not
 * get them may send them too, as pynfs does; they are ignored. */
static bool attributes_of(const struct cb_reply *reply, bool times, struct nfs4_attrs *attrs)
{
    const struct fattr4 *in = &reply->results[0].getattr.obj_attributes;
    struct bitmap4 rest = in->attrmask, want;

    asked_for(times, &want);
    for (size_t i = 0; i < LIMIT_BITMAP_WORDS; i++) {
        if (want.words[i] & ~rest.words[i])
            return false;
        rest.words[i] &= ~want.words[i];
    }
    bitmap4_clear(&rest, FATTR4_TIME_DELEG_ACCESS);
    bitmap4_clear(&rest, FATTR4_TIME_DELEG_MODIFY);
    for (size_t i = 0; i < LIMIT_BITMAP_WORDS; i++) {
        if (rest.words[i] != 0)
            return false;
    }
    return !rest.beyond && fattr_decode(in, attrs, NULL);
}

static bool time_of(const struct nfstime4 *in, struct timespec *out)
{
    *out = (struct timespec){.tv_sec = in->seconds, .tv_nsec = in->nseconds};
    return in->nseconds < NSEC_PER_SEC;
}

/* A size that no file can have is no answer. */
static bool understood(const struct cb_reply *reply, bool times, struct delegation_said *said)
{
    struct nfs4_attrs attrs = {0};

    if (reply->status != NFS4_OK || !attributes_of(reply, times, &attrs) || attrs.size > INT64_MAX)
        return false;
    *said = (struct delegation_said){.change = attrs.change, .size = attrs.size};
    return !times || (time_of(&attrs.time_deleg_access, &said->atime) &&
                      time_of(&attrs.time_deleg_modify, &said->mtime));
}

static void getattr_done(enum callback_outcome outcome, const struct cb_reply *reply, void *arg)
{
    struct delegation *delegation = arg;
    const bool times = delegation_times_get(delegation).held;
    struct delegation_said said;
    bool ok = outcome == CALLBACK_ANSWERED && understood(reply, times, &said);

    delegation_attr_answer(delegation, ok ? &said : NULL);
    stateid_put(&delegation->sid);
}

static void hook_getattr(struct delegation *delegation, void *context)
{
    const struct recall *recall = context;
    struct cb_op op = {.op = OP_CB_GETATTR, .getattr = {.fh = handle_of(delegation)}};

    asked_for(delegation_times_get(delegation).held, &op.getattr.attr_request);
    stateid_get(&delegation->sid);
    if (!callback_call(recall->callback, delegation->client, &op, 1, given_to(delegation),
                       getattr_done, delegation))
        getattr_done(CALLBACK_CANCELLED, NULL, delegation);
}

struct recall *recall_create(struct callback *callback, struct state *state)
{
    struct recall *recall = must_calloc(1, sizeof(*recall));
    const struct delegation_hooks hooks = {.reachable = hook_reachable,
                                           .recall = hook_recall,
                                           .getattr = hook_getattr,
                                           .context = recall};

    recall->callback = callback;
    recall->state = state;
    CHECK(pthread_mutex_init(&recall->lock, NULL) == 0);
    list_init(&recall->resting);
    delegation_hook(state, &hooks);
    return recall;
}

static void take_all(struct recall *recall, struct list *calls)
{
    struct list *link;

    while ((link = list_pop_front(&recall->resting)))
        list_push_back(calls, link);
}

void recall_stop(struct recall *recall)
{
    struct list calls, *link;

    if (!recall)
        return;
    list_init(&calls);
    pthread_mutex_lock(&recall->lock);
    recall->stopped = true;
    take_all(recall, &calls);
    pthread_mutex_unlock(&recall->lock);
    while ((link = list_pop_front(&calls)))
        call_end(LIST_ENTRY(link, struct delegation_recall, link));
}

void recall_destroy(struct recall *recall)
{
    if (!recall)
        return;
    CHECK(list_empty(&recall->resting));
    pthread_mutex_destroy(&recall->lock);
    free(recall);
}

/* Is it too early for another attempt? */
static bool early(struct delegation_recall *call, int64_t now_ns)
{
    if (now_ns >= call->due_ns)
        return false;
    return !call->unreachable ||
           !callback_reachable(callback_of(call), delegation_of(call)->client);
}

static void try_again(struct recall *recall, struct delegation_recall *call, int64_t now_ns)
{
    if (delegation_ended(delegation_of(call))) {
        call_end(call);
        return;
    }
    if (!early(call, now_ns)) {
        send(call);
        return;
    }
    pthread_mutex_lock(&recall->lock);
    if (recall->stopped) {
        pthread_mutex_unlock(&recall->lock);
        call_end(call);
        return;
    }
    list_push_back(&recall->resting, &call->link);
    pthread_mutex_unlock(&recall->lock);
}

void recall_tick(struct recall *recall, int64_t now_ns)
{
    struct list calls, *link;

    list_init(&calls);
    pthread_mutex_lock(&recall->lock);
    take_all(recall, &calls);
    pthread_mutex_unlock(&recall->lock);
    while ((link = list_pop_front(&calls)))
        try_again(recall, LIST_ENTRY(link, struct delegation_recall, link), now_ns);
}
