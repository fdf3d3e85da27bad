/* SPDX-License-Identifier: Apache-2.0 */
/* The life of back channels: made by the first call, ended with the session; and the tick. */
#include "callback/backchannel.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "callback/backchannel_internal.h"
#include "state/session/session_back.h"
#include "transport/connection.h"

/* ---- made ---- */

static uint32_t slots_of(const struct session *session)
{
    uint32_t offered = session->back.ca_maxrequests;

    return offered < LIMIT_BACK_SLOTS ? offered : LIMIT_BACK_SLOTS;
}

static struct backchannel *channel_create(struct backchannels *all, struct session *session)
{
    uint32_t count = slots_of(session);
    struct backchannel *channel =
        memory_zalloc(MEMORY_callbacks, sizeof(*channel) + count * sizeof(struct back_slot));

    if (!channel)
        return NULL;
    channel->all = all;
    channel->session = session;
    channel->slot_count = channel->usable = count;
    list_init(&channel->active_link);
    list_init(&channel->queue);
    CHECK(pthread_mutex_init(&channel->lock, NULL) == 0);
    for (uint32_t i = 0; i < count; i++) {
        channel->slots[i].channel = channel;
        channel->slots[i].id = i;
        channel->slots[i].seqid = 1; /* RFC 8881 §2.10.6.1: that of a slot's first request */
    }
    return channel;
}

static void channel_free(void *arg)
{
    struct backchannel *channel = arg;

    CHECK(list_empty(&channel->queue) && !channel->active);
    for (uint32_t i = 0; i < channel->slot_count; i++)
        CHECK(channel->slots[i].state == BACK_SLOT_FREE);
    pthread_mutex_destroy(&channel->lock);
    memory_free(MEMORY_callbacks, channel);
}

struct backchannel *backchannel_of(struct backchannels *all, struct session *session)
{
    void *there = atomic_load_explicit(&session->backchannel, memory_order_acquire);
    struct backchannel *mine;

    if (there)
        return there;
    mine = channel_create(all, session);
    if (!mine)
        return NULL;
    if (atomic_compare_exchange_strong_explicit(&session->backchannel, &there, mine,
                                                memory_order_acq_rel, memory_order_acquire))
        return mine;
    channel_free(mine);
    return there;
}

/* ---- who wants the tick ---- */

static bool waits_locked(const struct backchannel *channel)
{
    if (channel->closed)
        return false;
    if (channel->queued > 0)
        return true;
    for (uint32_t i = 0; i < channel->slot_count; i++) {
        if (channel->slots[i].state != BACK_SLOT_FREE)
            return true;
    }
    return false;
}

void backchannel_active_locked(struct backchannel *channel)
{
    struct backchannels *all = channel->all;
    bool active = waits_locked(channel);

    if (channel->active == active)
        return;
    pthread_mutex_lock(&all->lock);
    channel->active = active;
    if (active) {
        session_get(channel->session);
        list_push_back(&all->active, &channel->active_link);
    } else {
        list_remove(&channel->active_link);
    }
    all->active_count += active ? 1 : UINT32_MAX;
    pthread_mutex_unlock(&all->lock);
    /* Not the last one: the caller has a reference. */
    if (!active)
        session_put(channel->session);
}

/* ---- calls come ---- */

/* RFC 8881 §18.36.3: with RPC headers. */
static bool fits(struct session *session, const struct back_call *call)
{
    const uint32_t refers = call->refers ? SESSION_CB_REFERRING_BYTES : 0;
    struct session_back_caller caller;
    uint32_t bytes;

    if (call->op_count > session->back.ca_maxoperations)
        return false;
    session_back_caller(session, &caller);
    bytes = SESSION_RPC_CALL_BYTES + session_cb_auth_bytes(&caller.auth) + 16 +
            SESSION_CB_SEQUENCE_BYTES + refers + call->len;
    return bytes <= session->back.ca_maxrequestsize && bytes <= LIMIT_CALLBACK_CALL_BYTES;
}

bool backchannel_take(struct backchannel *channel, struct back_call *call)
{
    bool fit = fits(channel->session, call), taken;

    pthread_mutex_lock(&channel->lock);
    /* Who made the channel after its session had died finds that here. */
    taken = fit && !channel->closed && !session_dead(channel->session) && channel->slot_count > 0 &&
            channel->queued < LIMIT_BACK_QUEUE;
    if (taken) {
        list_push_back(&channel->queue, &call->link);
        channel->queued++;
        backchannel_active_locked(channel);
    }
    pthread_mutex_unlock(&channel->lock);
    return taken;
}

/* A recall that gets through must leave time to return what it is about. */
static int64_t life_ns(const struct backchannels *all)
{
    int64_t lease_ns = all->callback->state->lease_ns;

    return lease_ns - lease_ns / 8;
}

static struct back_call *call_create(struct backchannels *all, struct cb_op *ops, uint32_t op_count,
                                     const struct session_call *after, callback_done *done,
                                     void *arg)
{
    struct back_call *call = back_call_create(ops, op_count, after);

    CHECK(done);
    if (!call)
        return NULL;
    call->done = done;
    call->arg = arg;
    call->deadline_ns = clock_now_ns() + life_ns(all);
    return call;
}

bool backchannel_call(struct backchannels *all, struct client *client, struct cb_op *ops,
                      uint32_t op_count, const struct session_call *after, callback_done *done,
                      void *arg)
{
    struct back_call *call = call_create(all, ops, op_count, after, done, arg);

    if (!call)
        return false;
    if (back_route(all, client, call))
        return true;
    back_call_put(call);
    return false;
}

bool backchannel_call_session(struct backchannels *all, struct session *session, struct cb_op *ops,
                              uint32_t op_count, callback_done *done, void *arg)
{
    struct back_call *call = call_create(all, ops, op_count, NULL, done, arg);

    if (!call)
        return false;
    call->bound = true;
    if (back_route_session(all, session, call))
        return true;
    back_call_put(call);
    return false;
}

/* ---- time ---- */

/* What is to be done when the lock is back. */
struct due {
    bool elsewhere;   /* this session has no connection, another one of the client has */
    struct list over; /* calls of the queue whose time is up */
    struct back_told told[LIMIT_BACK_SLOTS];
    struct back_link *silent[LIMIT_BACK_SLOTS];
    unsigned told_count, silent_count;
};

/* Its time is up, or it had better go another way: who wants that must be told. */
static bool over(const struct back_call *call, int64_t now_ns, const struct due *due)
{
    return now_ns >= call->deadline_ns || (due->elsewhere && !call->bound);
}

static void queue_expire_locked(struct backchannel *channel, int64_t now_ns, struct due *due)
{
    LIST_FOREACH_SAFE (call, &channel->queue, struct back_call, link) {
        if (!over(call, now_ns, due))
            continue;
        list_remove(&call->link);
        channel->queued--;
        list_push_back(&due->over, &call->link);
    }
}

static int64_t timeout_ns(const struct backchannels *all)
{
    int64_t ms = callback_wait_ms(&all->callback->waits.timeout_ms);
    int64_t most = life_ns(all);

    return ms * NSEC_PER_MSEC < most ? ms * NSEC_PER_MSEC : most;
}

/* Nobody cuts a connection for an answer that nobody waits for any more. */
static void slot_expire_locked(struct back_slot *slot, int64_t now_ns, struct due *due)
{
    struct back_call *call = slot->call;

    if (slot->state == BACK_SLOT_PAUSED && now_ns >= slot->retry_ns)
        slot->state = BACK_SLOT_READY;
    if (!call || !call->done)
        return;
    if (slot->state == BACK_SLOT_SENT && now_ns - slot->sent_ns >= timeout_ns(slot->channel->all)) {
        atomic_fetch_add_explicit(&slot->link->refs, 1, memory_order_relaxed);
        due->silent[due->silent_count++] = slot->link;
    }
    if (over(call, now_ns, due))
        due->told[due->told_count++] = back_call_tell_locked(call);
}

static void silent_end(struct backchannel *channel, struct back_link *link)
{
    if (connection_is_open(link->conn))
        log_info("callback.silent", LOG_HEX("session", channel->session->id, NFS4_SESSIONID_SIZE),
                 LOG_ID("client", channel->session->client->id),
                 LOG_U64("connection", connection_id(link->conn)));
    connection_shutdown(link->conn);
    back_link_put(link);
}

static void channel_tick(struct backchannel *channel, int64_t now_ns)
{
    struct session *session = channel->session;
    struct due due = {.elsewhere = !session_back_up(session) && client_back_up(session->client)};

    list_init(&due.over);
    pthread_mutex_lock(&channel->lock);
    queue_expire_locked(channel, now_ns, &due);
    for (uint32_t i = 0; i < channel->slot_count; i++)
        slot_expire_locked(&channel->slots[i], now_ns, &due);
    pthread_mutex_unlock(&channel->lock);
    for (unsigned i = 0; i < due.silent_count; i++)
        silent_end(channel, due.silent[i]);
    for (unsigned i = 0; i < due.told_count; i++)
        back_told(&due.told[i], CALLBACK_FAILED, NULL);
    back_calls_end(&due.over, CALLBACK_FAILED);
    backchannel_send(channel);
}

/* The first of the active ones, moved to the end, with a reference on its session. */
static struct backchannel *active_next(struct backchannels *all)
{
    struct backchannel *channel = NULL;
    struct list *node;

    pthread_mutex_lock(&all->lock);
    node = list_pop_front(&all->active);
    if (node) {
        list_push_back(&all->active, node);
        channel = LIST_ENTRY(node, struct backchannel, active_link);
        session_get(channel->session);
    }
    pthread_mutex_unlock(&all->lock);
    return channel;
}

void backchannel_tick(struct backchannels *all, int64_t now_ns)
{
    struct backchannel *channel;
    uint32_t count;

    pthread_mutex_lock(&all->lock);
    count = all->active_count;
    pthread_mutex_unlock(&all->lock);
    for (; count > 0 && (channel = active_next(all)); count--) {
        channel_tick(channel, now_ns);
        session_put(channel->session);
    }
}

/* ---- the end ---- */

/* Take what is in a slot out of it, the call onto `calls` if somebody waits for it.  True: a
 * reference on the session is to be put. */
static bool slot_empty_locked(struct back_slot *slot, struct list *calls)
{
    bool was_sent = slot->state == BACK_SLOT_SENT;
    bool mine = !was_sent || back_link_take(slot->link, slot);

    if (slot->call && slot->call->done) {
        list_push_back(calls, &slot->call->link);
        slot->call = NULL;
    }
    if (slot->state == BACK_SLOT_SENDING || !mine)
        return false; /* that is left to him who has it */
    if (was_sent) {
        back_link_put(slot->link);
        slot->link = NULL;
    }
    back_slot_free_locked(slot, false);
    return was_sent;
}

/* To another session of the client, unless none has taken the one before. */
static bool rehome(struct backchannel *channel, struct back_call *call, bool *others)
{
    if (call->bound || !*others)
        return false;
    *others = back_route(channel->all, channel->session->client, call);
    return *others;
}

void backchannel_close(struct backchannel *channel)
{
    struct session *session = channel->session;
    struct list calls, ended, *node;
    uint32_t refs = 0;
    bool others = true;

    list_init(&calls);
    list_init(&ended);
    session_get(session);
    pthread_mutex_lock(&channel->lock);
    channel->closed = true;
    for (uint32_t i = 0; i < channel->slot_count; i++)
        refs += slot_empty_locked(&channel->slots[i], &calls);
    while ((node = list_pop_front(&channel->queue)))
        list_push_back(&calls, node);
    channel->queued = 0;
    backchannel_active_locked(channel);
    pthread_mutex_unlock(&channel->lock);
    while ((node = list_pop_front(&calls))) {
        struct back_call *call = LIST_ENTRY(node, struct back_call, link);

        if (!rehome(channel, call, &others))
            list_push_back(&ended, node);
    }
    back_calls_end(&ended, CALLBACK_CANCELLED);
    for (; refs > 0; refs--)
        session_put(session);
    session_put(session);
}

static void hook_bound(struct session *session, void *context)
{
    struct backchannel *channel = atomic_load_explicit(&session->backchannel, memory_order_acquire);

    (void)context;
    if (channel)
        backchannel_send(channel);
}

/* A change that changes nothing: who makes a channel after this knows that the session is dead. */
static void hook_ended(struct session *session, void *context)
{
    void *channel = NULL;

    (void)context;
    if (!atomic_compare_exchange_strong_explicit(&session->backchannel, &channel, NULL,
                                                 memory_order_acq_rel, memory_order_acquire))
        backchannel_close(channel);
}

/* ---- all of them ---- */

struct backchannels *backchannels_create(struct callback *callback)
{
    const struct state_back_hooks hooks = {
        .bound = hook_bound, .ended = hook_ended, .freed = channel_free};
    struct backchannels *all = must_calloc(1, sizeof(*all));

    all->callback = callback;
    atomic_init(&all->next_xid, randombytes_random());
    CHECK(pthread_mutex_init(&all->lock, NULL) == 0);
    list_init(&all->active);
    state_hook_back(callback->state, &hooks);
    return all;
}

void backchannels_stop(struct backchannels *all)
{
    struct backchannel *channel;

    pthread_mutex_lock(&all->lock);
    all->stopped = true;
    pthread_mutex_unlock(&all->lock);
    while ((channel = active_next(all))) {
        backchannel_close(channel);
        session_put(channel->session);
    }
}

void backchannels_destroy(struct backchannels *all)
{
    CHECK(list_empty(&all->active));
    pthread_mutex_destroy(&all->lock);
    free(all);
}
