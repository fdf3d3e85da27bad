/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/callback_notify.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "callback/callback.h"
#include "callback/notify_batch.h"
#include "state/delegation/delegation.h"
#include "state/session/session_back.h"

struct callback_notify {
    struct callback *callback;
    struct callback_notify_hook hook;
    _Atomic bool stopped;
    _Atomic uint32_t turns; /* that exist */
    pthread_mutex_t lock;   /* a leaf; guards the rest */
    struct list resting;    /* struct turn.link: to be sent again */
};

/* A call is sent by one thread and answered to another one, perhaps before the first has returned
 * from sending.  Whichever comes second goes on. */
enum hand {
    HAND_SENDING,
    HAND_SENT,
    HAND_ANSWERED,
};

/* One client, from ready() until nothing is left.  It belongs to the thread that fills and sends,
 * then to the hook that gets the reply, then to `resting`, from which one thread takes it. */
struct turn {
    struct callback_notify *notify;
    struct client *client;   /* a reference */
    struct session *session; /* a reference; NULL: none has been chosen */
    _Atomic int hand;        /* enum hand */
    bool kept;               /* `notice` was taken, and did not fit */
    struct delegation_notice notice;
    uint32_t tries; /* of the first operation of the batch */
    bool rests;     /* it is to be sent later */
    int64_t due_ns;
    struct list link;
    struct notify_batch batch;
};

/* ---- what is lost ---- */

static void kept_drop(struct turn *turn)
{
    if (turn->kept)
        delegation_notice_fini(&turn->notice);
    turn->kept = false;
}

static void lose(struct turn *turn, struct delegation *delegation, const char *why, uint32_t status)
{
    if (!delegation_ended(delegation))
        log_debug("callback.notice_failed", LOG_ID("client", turn->client->id), LOG_STR("why", why),
                  LOG_U64("status", status));
    delegation_notify_lost(delegation);
}

/* All that is under way is lost, or may be.  What was taken meanwhile follows it, and goes, too. */
static void batch_lose(struct turn *turn, const char *why, uint32_t status)
{
    struct notify_batch *batch = &turn->batch;

    while (batch->count > 0) {
        lose(turn, batch->of[0], why, status);
        if (turn->kept && turn->notice.delegation == batch->of[0])
            kept_drop(turn);
        notify_batch_drop(batch, batch->of[0]);
    }
}

static void op_lose(struct turn *turn, const char *why, uint32_t status)
{
    struct delegation *delegation = turn->batch.of[0];

    lose(turn, delegation, why, status);
    if (turn->kept && turn->notice.delegation == delegation)
        kept_drop(turn);
    notify_batch_drop(&turn->batch, delegation);
    turn->tries = 0;
}

/* The client can't be told anything. */
static void all_lose(struct turn *turn, const char *why, uint32_t status)
{
    log_debug("callback.notice_failed", LOG_ID("client", turn->client->id), LOG_STR("why", why),
              LOG_U64("status", status));
    kept_drop(turn);
    notify_batch_clear(&turn->batch);
    delegation_notify_lost_all(turn->client);
}

/* ---- answers ---- */

/* The first operation of the batch was answered with an error, and what follows was not executed.
 * The reply that granted the delegation may not have arrived yet: then the client does not know
 * it. */
static void op_failed(struct turn *turn, const struct cb_op_result *result)
{
    switch (result->status) {
    case NFS4ERR_DELAY:
    case NFS4ERR_BADHANDLE:
    case NFS4ERR_BAD_STATEID:
        if (++turn->tries < CALLBACK_NOTIFY_TRIES)
            turn->rests = true;
        else
            op_lose(turn, result->status == NFS4ERR_DELAY ? "delay" : "unknown", result->status);
        break;
    case NFS4ERR_NOTSUPP:
    case NFS4ERR_OP_ILLEGAL:
        all_lose(turn, "not supported", result->status);
        break;
    default:
        op_lose(turn, "error", result->status);
    }
}

/* Without a result for its operations it was executed, but with an unknown outcome: the client
 * remembers that it has answered, and not what (NFS4ERR_RETRY_UNCACHED_REP). */
static void judge(struct turn *turn, enum callback_outcome outcome, const struct cb_reply *reply)
{
    const bool ok = outcome == CALLBACK_ANSWERED && reply->status == NFS4_OK;
    uint32_t accepted;

    if (outcome != CALLBACK_ANSWERED || (!ok && reply->result_count == 0)) {
        batch_lose(turn, outcome == CALLBACK_REFUSED ? "refused" : "no answer", 0);
        return;
    }
    accepted = ok ? turn->batch.count : reply->result_count - 1;
    notify_batch_accepted(&turn->batch, accepted);
    if (accepted > 0)
        turn->tries = 0;
    if (!ok)
        op_failed(turn, &reply->results[accepted]);
}

static void turn_run(struct turn *turn);

static void done(enum callback_outcome outcome, const struct cb_reply *reply, void *arg)
{
    struct turn *turn = arg;

    judge(turn, outcome, reply);
    if (atomic_exchange(&turn->hand, HAND_ANSWERED) == HAND_SENT)
        turn_run(turn);
}

/* ---- calls ---- */

/* The present one as long as it has a connection; the outcome of what was sent over it is known. */
static bool session_choose(struct turn *turn)
{
    struct session *session = turn->session;

    if (session && !session_dead(session) && session_back_up(session))
        return true;
    turn->session = callback_session(turn->notify->callback, turn->client);
    if (session)
        session_put(session);
    return turn->session != NULL;
}

static void batch_fill(struct turn *turn)
{
    const struct callback_notify_hook *hook = &turn->notify->hook;

    notify_batch_init(&turn->batch, callback_room(turn->session));
    while (turn->kept ||
           (turn->kept = delegation_notify_take(turn->client, &turn->notice)) == true) {
        struct delegation *delegation = turn->notice.delegation;
        enum notify_batch_result result = NOTIFY_BATCH_ADDED;

        if (!delegation_notify_over(delegation))
            result = notify_batch_add(&turn->batch, &turn->notice, hook);
        if (result == NOTIFY_BATCH_FULL)
            return;
        if (result == NOTIFY_BATCH_LARGE)
            lose(turn, delegation, "too large", 0);
        kept_drop(turn);
    }
}

/* True: it has been answered already, or was not sent. */
static bool batch_send(struct turn *turn)
{
    struct notify_batch *batch = &turn->batch;

    atomic_store(&turn->hand, HAND_SENDING);
    if (!callback_call_session(turn->notify->callback, turn->session, batch->ops, batch->count,
                               notify_batch_after(batch), done, turn)) {
        batch_lose(turn, "not sent", 0);
        return true;
    }
    return atomic_exchange(&turn->hand, HAND_SENT) == HAND_ANSWERED;
}

/* ---- turns ---- */

static void turn_destroy(struct turn *turn)
{
    struct callback_notify *notify = turn->notify;

    kept_drop(turn);
    notify_batch_clear(&turn->batch);
    if (turn->session)
        session_put(turn->session);
    client_put(turn->client);
    memory_free(MEMORY_callbacks, turn);
    atomic_fetch_sub(&notify->turns, 1);
}

/* False: it does not rest, since nothing more is sent. */
static bool turn_rest(struct turn *turn)
{
    struct callback_notify *notify = turn->notify;
    uint32_t wait_ms = callback_backoff_ms(&notify->callback->waits, turn->tries);
    bool stopped;

    log_debug("callback.notice_retry", LOG_ID("client", turn->client->id),
              LOG_U64("tries", turn->tries));
    turn->rests = false;
    turn->due_ns = clock_now_ns() + wait_ms * NSEC_PER_MSEC;
    pthread_mutex_lock(&notify->lock);
    stopped = atomic_load(&notify->stopped);
    if (!stopped)
        list_push_back(&notify->resting, &turn->link);
    pthread_mutex_unlock(&notify->lock);
    return !stopped;
}

/* What has ended or is recalled meanwhile is not told any more. */
static void batch_trim(struct turn *turn)
{
    struct notify_batch *batch = &turn->batch;
    const struct delegation *first = batch->count > 0 ? batch->of[0] : NULL;

    notify_batch_drop_over(batch);
    if (batch->count == 0 || batch->of[0] != first)
        turn->tries = 0;
}

/* True: go on.  False: the turn belongs to somebody else, or is gone. */
static bool turn_step(struct turn *turn)
{
    if (atomic_load(&turn->notify->stopped)) {
        turn_destroy(turn);
        return false;
    }
    if (turn->rests)
        return !turn_rest(turn);
    batch_trim(turn);
    if (!session_choose(turn))
        all_lose(turn, "unreachable", 0);
    else if (turn->batch.count == 0)
        batch_fill(turn);
    if (turn->batch.count > 0)
        return batch_send(turn);
    if (!delegation_notify_rest(turn->client))
        return true;
    turn_destroy(turn);
    return false;
}

static void turn_run(struct turn *turn)
{
    while (turn_step(turn))
        ;
}

static struct turn *turn_create(struct callback_notify *notify, struct client *client)
{
    struct turn *turn = memory_alloc(MEMORY_callbacks, sizeof(*turn));

    if (!turn)
        return NULL;
    turn->notify = notify;
    turn->client = client;
    turn->session = NULL;
    turn->kept = turn->rests = false;
    turn->tries = 0;
    list_init(&turn->link);
    notify_batch_init(&turn->batch, (struct callback_room){0});
    atomic_fetch_add(&notify->turns, 1);
    return turn;
}

/* ---- hooks ---- */

static void hook_ready(struct client *client, void *context)
{
    struct callback_notify *notify = context;
    struct turn *turn = atomic_load(&notify->stopped) ? NULL : turn_create(notify, client);

    if (turn) {
        turn_run(turn);
        return;
    }
    do {
        delegation_notify_lost_all(client);
    } while (!delegation_notify_rest(client));
    client_put(client);
}

static bool hook_possible(struct client *client, void *context)
{
    struct callback_notify *notify = context;
    struct session *session = callback_session(notify->callback, client);
    struct callback_room room;

    if (!session)
        return false;
    room = callback_room(session);
    session_put(session);
    return room.ops > 0 && room.bytes >= NOTIFY_BATCH_BYTES_MIN;
}

/* ---- all of them ---- */

struct callback_notify *callback_notify_create(struct callback *callback)
{
    struct callback_notify *notify = must_calloc(1, sizeof(*notify));
    const struct delegation_notify_hooks hooks = {
        .ready = hook_ready, .possible = hook_possible, .context = notify};

    notify->callback = callback;
    CHECK(pthread_mutex_init(&notify->lock, NULL) == 0);
    list_init(&notify->resting);
    delegation_notify_hook(callback->state, &hooks);
    return notify;
}

void callback_notify_set_hook(struct callback_notify *notify,
                              const struct callback_notify_hook *hook)
{
    notify->hook = *hook;
}

/* Take those that are due. */
static void resting_take(struct callback_notify *notify, int64_t now_ns, struct list *turns)
{
    pthread_mutex_lock(&notify->lock);
    LIST_FOREACH_SAFE (turn, &notify->resting, struct turn, link) {
        if (now_ns < turn->due_ns)
            continue;
        list_remove(&turn->link);
        list_push_back(turns, &turn->link);
    }
    pthread_mutex_unlock(&notify->lock);
}

static void resting_run(struct callback_notify *notify, int64_t now_ns)
{
    struct list turns, *link;

    list_init(&turns);
    resting_take(notify, now_ns, &turns);
    while ((link = list_pop_front(&turns)))
        turn_run(LIST_ENTRY(link, struct turn, link));
}

void callback_notify_tick(struct callback_notify *notify, int64_t now_ns)
{
    resting_run(notify, now_ns);
}

void callback_notify_stop(struct callback_notify *notify)
{
    if (!notify)
        return;
    pthread_mutex_lock(&notify->lock);
    atomic_store(&notify->stopped, true);
    pthread_mutex_unlock(&notify->lock);
    resting_run(notify, INT64_MAX);
}

void callback_notify_destroy(struct callback_notify *notify)
{
    if (!notify)
        return;
    CHECK(list_empty(&notify->resting) && atomic_load(&notify->turns) == 0);
    pthread_mutex_destroy(&notify->lock);
    free(notify);
}
