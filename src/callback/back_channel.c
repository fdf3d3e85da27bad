/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/back_channel.h"

#include "base/memory.h"
#include "callback/back_call.h"
#include "state/session/session.h"
#include "state/session/session_back.h"

static uint32_t slots_of(const struct session *session)
{
    uint32_t offered = session->back.ca_maxrequests;

    return offered < LIMIT_BACK_SLOTS ? offered : LIMIT_BACK_SLOTS;
}

static struct back_channel *channel_create(struct back_service *service, struct session *session)
{
    uint32_t count = slots_of(session);
    struct back_channel *channel =
        memory_zalloc(MEMORY_callbacks, sizeof(*channel) + count * sizeof(struct back_slot));

    if (!channel)
        return NULL;
    channel->service = service;
    channel->session = session;
    channel->slot_count = channel->usable = count;
    list_init(&channel->active_link);
    list_init(&channel->queue);
    CHECK(pthread_mutex_init(&channel->lock, NULL) == 0);
    for (uint32_t i = 0; i < count; i++) {
        channel->slots[i].channel = channel;
        channel->slots[i].id = i;
        channel->slots[i].seqid = 1; /* RFC 8881 §2.10.6.1: the first request of a slot has seqid
                                      * 1 */
    }
    return channel;
}

void back_channel_destroy(struct back_channel *channel)
{
    CHECK(list_empty(&channel->queue) && !channel->active);
    for (uint32_t i = 0; i < channel->slot_count; i++)
        CHECK(channel->slots[i].state == BACK_SLOT_FREE);
    pthread_mutex_destroy(&channel->lock);
    memory_free(MEMORY_callbacks, channel);
}

struct back_channel *back_channel_of(struct back_service *service, struct session *session)
{
    void *there = atomic_load_explicit(&session->backchannel, memory_order_acquire);
    struct back_channel *mine;

    if (there)
        return there;
    mine = channel_create(service, session);
    if (!mine)
        return NULL;
    if (atomic_compare_exchange_strong_explicit(&session->backchannel, &there, mine,
                                                memory_order_acq_rel, memory_order_acquire))
        return mine;
    back_channel_destroy(mine);
    return there;
}

static bool waits_locked(const struct back_channel *channel)
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

void back_channel_active_locked(struct back_channel *channel)
{
    struct back_service *service = channel->service;
    bool active = waits_locked(channel);

    if (channel->active == active)
        return;
    pthread_mutex_lock(&service->lock);
    channel->active = active;
    if (active) {
        session_get(channel->session);
        list_push_back(&service->active, &channel->active_link);
    } else {
        list_remove(&channel->active_link);
    }
    service->active_count += active ? 1 : UINT32_MAX;
    pthread_mutex_unlock(&service->lock);
    /* Not the last reference: the caller has one. */
    if (!active)
        session_put(channel->session);
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* RFC 8881 §18.36.3: sizes include the RPC headers.  CREATE_SESSION has seen to it that a CB_RECALL
 * and its result fit. */
struct callback_room back_channel_room(struct session *session, bool refers)
{
    const struct channel_attrs4 *attrs = &session->back;
    const uint32_t bytes = min_u32(attrs->ca_maxrequestsize, LIMIT_CALLBACK_CALL_BYTES);
    struct session_back_params caller;
    uint32_t ops, results, taken;

    if (!session_back_accepts_calls(session))
        return (struct callback_room){0};
    ops = min_u32(attrs->ca_maxoperations, LIMIT_CALLBACK_OPS) - 1;
    results = (attrs->ca_maxresponsesize - SESSION_BACK_REPLY_BYTES_MIN) / 8 + 1;
    session_back_params(session, &caller);
    taken = SESSION_RPC_CALL_BYTES + session_cb_auth_bytes(&caller.auth) + 16 +
            SESSION_CB_SEQUENCE_BYTES + (refers ? SESSION_CB_REFERRING_BYTES : 0);
    return (struct callback_room){.ops = min_u32(ops, results),
                                  .bytes = taken < bytes ? bytes - taken : 0};
}

static bool fits(struct session *session, const struct back_call *call)
{
    const struct callback_room room = back_channel_room(session, call->refers);

    return call->op_count - 1 <= room.ops && call->len <= room.bytes;
}

bool back_channel_queue_call(struct back_channel *channel, struct back_call *call)
{
    bool fit = fits(channel->session, call), taken;

    pthread_mutex_lock(&channel->lock);
    /* A thread may create the channel after the session has died: it finds out here. */
    taken = fit && !channel->closed && !session_dead(channel->session) && channel->slot_count > 0 &&
            channel->queued < LIMIT_BACK_QUEUE;
    if (taken) {
        list_push_back(&channel->queue, &call->link);
        channel->queued++;
        back_channel_active_locked(channel);
    }
    pthread_mutex_unlock(&channel->lock);
    return taken;
}

void back_channel_backlog(const struct session *session, int64_t now_ns,
                          struct callback_backlog *backlog)
{
    struct back_channel *channel =
        atomic_load_explicit(&session->backchannel, memory_order_acquire);

    if (!channel)
        return;
    pthread_mutex_lock(&channel->lock);
    callback_backlog_add(backlog, channel->queued, 0);
    for (uint32_t i = 0; i < channel->slot_count; i++) {
        const struct back_slot *slot = &channel->slots[i];

        if (slot->state != BACK_SLOT_FREE)
            callback_backlog_add(backlog, 1,
                                 slot->state == BACK_SLOT_SENT ? now_ns - slot->sent_ns : 0);
    }
    pthread_mutex_unlock(&channel->lock);
}
