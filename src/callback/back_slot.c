/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/back_slot.h"

#include "base/memory.h"
#include "callback/back_call.h"
#include "callback/back_channel.h"

/* The lowest free slot, so that the client can manage with few slots when there is little to do. */
static struct back_slot *slot_free_find_locked(struct back_channel *channel)
{
    for (uint32_t i = 0; i < channel->usable; i++) {
        if (channel->slots[i].state == BACK_SLOT_FREE)
            return &channel->slots[i];
    }
    return NULL;
}

static struct back_slot *slot_ready_find_locked(struct back_channel *channel)
{
    for (uint32_t i = 0; i < channel->slot_count; i++) {
        if (channel->slots[i].state == BACK_SLOT_READY)
            return &channel->slots[i];
    }
    return NULL;
}

bool back_slot_waits_locked(struct back_channel *channel)
{
    return slot_ready_find_locked(channel) ||
           (!list_empty(&channel->queue) && slot_free_find_locked(channel));
}

struct back_slot *back_slot_next_locked(struct back_channel *channel)
{
    struct back_slot *slot = slot_ready_find_locked(channel);

    if (slot)
        return slot;
    slot = list_empty(&channel->queue) ? NULL : slot_free_find_locked(channel);
    if (!slot)
        return NULL;
    slot->call = LIST_ENTRY(list_pop_front(&channel->queue), struct back_call, link);
    slot->state = BACK_SLOT_READY;
    channel->queued--;
    return slot;
}

uint32_t back_slot_highest_locked(const struct back_channel *channel)
{
    uint32_t highest = 0;

    for (uint32_t i = 0; i < channel->slot_count; i++) {
        if (channel->slots[i].state != BACK_SLOT_FREE)
            highest = i;
    }
    return highest;
}

void back_slot_drop_record_locked(struct back_slot *slot)
{
    memory_free(MEMORY_callbacks, slot->record);
    slot->record = NULL;
    slot->len = 0;
}

void back_slot_free_locked(struct back_slot *slot, bool executed)
{
    if (slot->call)
        back_call_put(slot->call);
    back_slot_drop_record_locked(slot);
    cb_gss_fini(&slot->gss);
    slot->call = NULL;
    slot->unknown = false;
    slot->refusals = 0;
    slot->state = BACK_SLOT_FREE;
    if (executed)
        slot->seqid++;
}

void back_slot_requeue_locked(struct back_slot *slot)
{
    struct back_channel *channel = slot->channel;

    if (slot->call && slot->call->done) {
        list_push_front(&channel->queue, &slot->call->link);
        channel->queued++;
        slot->call = NULL;
    }
    back_slot_free_locked(slot, false);
}
