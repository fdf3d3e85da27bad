/* SPDX-License-Identifier: Apache-2.0 */
/* All back channels: takes in calls, handles timeouts and the end of sessions. */
#include "callback/back_service.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "callback/back_call.h"
#include "callback/back_channel.h"
#include "callback/back_close.h"
#include "callback/back_link.h"
#include "callback/back_route.h"
#include "callback/back_send.h"
#include "callback/callback.h"
#include "callback/callback_counters.h"
#include "callback/cb_gss.h"
#include "state/session/session.h"
#include "state/session/session_back.h"
#include "transport/connection.h"

/* ---- new calls ---- */

/* A recall that arrives late must leave the client time to return the delegation. */
static int64_t life_ns(const struct back_service *service)
{
    int64_t lease_ns = service->callback->state->lease_ns;

    return lease_ns - lease_ns / 8;
}

static struct back_call *call_create(struct back_service *service, struct cb_op *ops,
                                     uint32_t op_count, const struct session_call *after,
                                     callback_done *done, void *arg)
{
    struct back_call *call = back_call_create(ops, op_count, after);

    CHECK(done);
    if (!call)
        return NULL;
    call->done = done;
    call->arg = arg;
    call->counters = service->callback->counters;
    callback_counters_taken(call->counters);
    call->deadline_ns = clock_now_ns() + life_ns(service);
    return call;
}

/* It found no way, and nobody else has it. */
static void call_refuse(struct back_call *call)
{
    callback_counters_ended(call->counters);
    back_call_put(call);
}

bool back_service_call(struct back_service *service, struct client *client, struct cb_op *ops,
                       uint32_t op_count, const struct session_call *after, callback_done *done,
                       void *arg)
{
    struct back_call *call = call_create(service, ops, op_count, after, done, arg);

    if (!call)
        return false;
    if (back_route(service, client, call))
        return true;
    call_refuse(call);
    return false;
}

bool back_service_call_session(struct back_service *service, struct session *session,
                               struct cb_op *ops, uint32_t op_count,
                               const struct session_call *after, callback_done *done, void *arg)
{
    struct back_call *call = call_create(service, ops, op_count, after, done, arg);

    if (!call)
        return false;
    call->bound = true;
    if (back_route_session(service, session, call))
        return true;
    call_refuse(call);
    return false;
}

uint32_t back_service_active(struct back_service *service)
{
    uint32_t count;

    pthread_mutex_lock(&service->lock);
    count = service->active_count;
    pthread_mutex_unlock(&service->lock);
    return count;
}

/* ---- time ---- */

/* What is to be done once the lock is released. */
struct due {
    bool elsewhere;   /* this session has no connection, but another one of the client has */
    struct list over; /* calls in the queue whose deadline has passed */
    struct back_completion completions[LIMIT_BACK_SLOTS];
    struct back_link *silent[LIMIT_BACK_SLOTS];
    unsigned completion_count, silent_count;
};

/* The call's deadline has passed, or it should take another session: call its hook. */
static bool over(const struct back_call *call, int64_t now_ns, const struct due *due)
{
    return now_ns >= call->deadline_ns || (due->elsewhere && !call->bound);
}

static void queue_expire_locked(struct back_channel *channel, int64_t now_ns, struct due *due)
{
    LIST_FOREACH_SAFE (call, &channel->queue, struct back_call, link) {
        if (!over(call, now_ns, due))
            continue;
        list_remove(&call->link);
        channel->queued--;
        list_push_back(&due->over, &call->link);
    }
}

static int64_t timeout_ns(const struct back_service *service)
{
    int64_t ms = callback_wait_ms(&service->callback->waits.timeout_ms);
    int64_t most = life_ns(service);

    return ms * NSEC_PER_MSEC < most ? ms * NSEC_PER_MSEC : most;
}

/* A connection is not cut because of a reply that no call waits for any more. */
static void slot_expire_locked(struct back_slot *slot, int64_t now_ns, struct due *due)
{
    struct back_call *call = slot->call;

    if (slot->state == BACK_SLOT_PAUSED && now_ns >= slot->retry_ns)
        slot->state = BACK_SLOT_READY;
    if (!call || !call->done)
        return;
    if (slot->state == BACK_SLOT_SENT &&
        now_ns - slot->sent_ns >= timeout_ns(slot->channel->service))
        due->silent[due->silent_count++] = back_link_get(slot->link);
    if (over(call, now_ns, due))
        due->completions[due->completion_count++] = back_call_completion_locked(call);
}

static void silent_end(struct back_channel *channel, struct back_link *link)
{
    if (connection_is_open(link->conn))
        log_info("callback.silent", LOG_HEX("session", channel->session->id, NFS4_SESSIONID_SIZE),
                 LOG_ID("client", channel->session->client->id),
                 LOG_U64("connection", connection_id(link->conn)));
    connection_shutdown(link->conn);
    back_link_put(link);
}

static void channel_tick(struct back_channel *channel, int64_t now_ns)
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
    for (unsigned i = 0; i < due.completion_count; i++)
        back_completion_run(&due.completions[i], CALLBACK_FAILED, NULL);
    back_calls_end(&due.over, CALLBACK_FAILED);
    back_send(channel);
}

/* The first active channel, which moves to the end of the list, with a reference on its session. */
static struct back_channel *active_next(struct back_service *service)
{
    struct back_channel *channel = NULL;
    struct list *node;

    pthread_mutex_lock(&service->lock);
    node = list_pop_front(&service->active);
    if (node) {
        list_push_back(&service->active, node);
        channel = LIST_ENTRY(node, struct back_channel, active_link);
        session_get(channel->session);
    }
    pthread_mutex_unlock(&service->lock);
    return channel;
}

void back_service_tick(struct back_service *service, int64_t now_ns)
{
    struct back_channel *channel;
    uint32_t count;

    pthread_mutex_lock(&service->lock);
    count = service->active_count;
    pthread_mutex_unlock(&service->lock);
    for (; count > 0 && (channel = active_next(service)); count--) {
        channel_tick(channel, now_ns);
        session_put(channel->session);
    }
}

/* ---- hooks of sessions ---- */

static void hook_bound(struct session *session, void *context)
{
    struct back_channel *channel =
        atomic_load_explicit(&session->backchannel, memory_order_acquire);

    (void)context;
    if (channel)
        back_send(channel);
}

/* An exchange that leaves the pointer NULL: a thread that creates the channel later is certain to
 * see that the session is dead. */
static void hook_ended(struct session *session, void *context)
{
    void *channel = NULL;

    (void)context;
    if (!atomic_compare_exchange_strong_explicit(&session->backchannel, &channel, NULL,
                                                 memory_order_acq_rel, memory_order_acquire))
        back_close(channel);
}

static bool hook_context_known(const struct wire_opaque *handle,
                               const struct client_principal *caller, void *context)
{
    const struct back_service *service = context;

    return cb_gss_known(service->callback->gss, handle, caller, clock_now_ns());
}

static void hook_freed(void *channel)
{
    back_channel_destroy(channel);
}

/* ---- all of them ---- */

struct back_service *back_service_create(struct callback *callback)
{
    struct back_service *service = must_calloc(1, sizeof(*service));
    const struct state_back_hooks hooks = {.bound = hook_bound,
                                           .ended = hook_ended,
                                           .freed = hook_freed,
                                           .context_known = hook_context_known,
                                           .context = service};

    service->callback = callback;
    atomic_init(&service->next_xid, randombytes_random());
    CHECK(pthread_mutex_init(&service->lock, NULL) == 0);
    list_init(&service->active);
    state_hook_back(callback->state, &hooks);
    return service;
}

void back_service_stop(struct back_service *service)
{
    struct back_channel *channel;

    pthread_mutex_lock(&service->lock);
    service->stopped = true;
    pthread_mutex_unlock(&service->lock);
    while ((channel = active_next(service))) {
        back_close(channel);
        session_put(channel->session);
    }
}

void back_service_destroy(struct back_service *service)
{
    CHECK(list_empty(&service->active));
    pthread_mutex_destroy(&service->lock);
    free(service);
}
