/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/back_close.h"

#include "callback/back_call.h"
#include "callback/back_channel.h"
#include "callback/back_link.h"
#include "callback/back_route.h"
#include "state/session/session.h"

/* Empty a slot.  If its call's hook has not been called, the call goes to `calls`.  True: the
 * caller must put a reference on the session. */
static bool slot_empty_locked(struct back_slot *slot, struct list *calls)
{
    bool was_sent = slot->state == BACK_SLOT_SENT;
    bool mine = !was_sent || back_link_take(slot->link, slot);

    if (slot->call && slot->call->done) {
        list_push_back(calls, &slot->call->link);
        slot->call = NULL;
    }
    if (slot->state == BACK_SLOT_SENDING || !mine)
        return false; /* the thread that owns the slot frees it */
    if (was_sent) {
        back_link_put(slot->link);
        slot->link = NULL;
    }
    back_slot_free_locked(slot, false);
    return was_sent;
}

/* Move a call to another session of the client.  Not tried again once no session has taken a
 * call. */
static bool rehome(struct back_channel *channel, struct back_call *call, bool *others)
{
    if (call->bound || !*others)
        return false;
    *others = back_route(channel->service, channel->session->client, call);
    return *others;
}

void back_close(struct back_channel *channel)
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
    back_channel_active_locked(channel);
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
