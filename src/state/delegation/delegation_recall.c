/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_recall.h"

#include "state/delegation/delegation_internal.h"

void delegation_recall_locked(struct delegation *delegation, int64_t now_ns, struct list *recalls)
{
    struct state *state = delegation->client->state;
    struct delegation_tables *tables = state->delegations;

    if (delegation->recalled_ns != 0 || delegation_is_leaving(delegation))
        return;
    /* A holder that keeps it none the less may be one that may not list the directory any more. */
    delegation_notifier_silence(delegation->watch);
    stateid_get(&delegation->sid);
    list_push_back(recalls, &delegation->hook_link);
    pthread_mutex_lock(&tables->recall_lock);
    /* The list is by time; requests that were parked come with times of before. */
    if (!list_empty(&tables->recalled)) {
        const struct delegation *last =
            LIST_ENTRY(tables->recalled.prev, struct delegation, recalled_link);

        if (now_ns < last->recalled_ns)
            now_ns = last->recalled_ns;
    }
    delegation->recalled_ns = now_ns;
    list_push_back(&tables->recalled, &delegation->recalled_link);
    tables->recalled_count++;
    pthread_mutex_unlock(&tables->recall_lock);
    delegation_count(state, DELEGATION_COUNTER_recalled);
}

void delegation_recall_forget_locked(struct delegation *delegation)
{
    struct delegation_tables *tables = delegation->client->state->delegations;

    pthread_mutex_lock(&tables->recall_lock);
    if (!list_empty(&delegation->recalled_link)) {
        list_remove(&delegation->recalled_link);
        tables->recalled_count--;
    }
    pthread_mutex_unlock(&tables->recall_lock);
}

void delegation_mark_wanted_locked(struct delegation *delegation)
{
    struct delegation_tables *tables = delegation->client->state->delegations;

    if (atomic_exchange_explicit(&delegation->wanted, true, memory_order_relaxed))
        return;
    pthread_mutex_lock(&tables->recall_lock);
    if (delegation->extended) {
        delegation->extended = false;
        list_remove(&delegation->recalled_link);
        list_push_front(&tables->recalled, &delegation->recalled_link);
    }
    pthread_mutex_unlock(&tables->recall_lock);
}

void delegation_recall_hooks(struct state *state, struct list *recalls)
{
    const struct delegation_hooks *hooks = &state->delegations->hooks;
    struct list *link;

    while ((link = list_pop_front(recalls))) {
        struct delegation *delegation = LIST_ENTRY(link, struct delegation, hook_link);

        if (hooks->recall)
            hooks->recall(delegation, hooks->context);
        stateid_put(&delegation->sid);
    }
}

bool delegation_recall(struct delegation *delegation, int64_t now_ns)
{
    struct list recalls;
    bool begun;

    list_init(&recalls);
    pthread_mutex_lock(&delegation->file->lock);
    /* The link of one that has ended belongs to the thread that ended it.  One that is not on the
     * file's list has not been granted. */
    if (!delegation_is_leaving(delegation) && !list_empty(&delegation->file_link))
        delegation_recall_locked(delegation, now_ns, &recalls);
    pthread_mutex_unlock(&delegation->file->lock);
    begun = !list_empty(&recalls);
    delegation_recall_hooks(delegation->client->state, &recalls);
    return begun;
}
