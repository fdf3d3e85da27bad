/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_notifier.h"

#include "base/clock.h"
#include "base/memory.h"
#include "state/delegation/delegation_internal.h"
#include "state/file/owner.h"

void delegation_notices_init(struct delegation_notices *notices)
{
    for (int i = 0; i < WATCH_SHARDS; i++) {
        CHECK(pthread_mutex_init(&notices->shards[i].lock, NULL) == 0);
        htable_init(&notices->shards[i].watches, 0);
    }
    CHECK(pthread_mutex_init(&notices->lock, NULL) == 0);
    list_init(&notices->ready);
    list_init(&notices->delayed);
    list_init(&notices->broken);
}

void delegation_notices_fini(struct delegation_notices *notices)
{
    struct list *link;

    while ((link = list_pop_front(&notices->ready)))
        client_put(LIST_ENTRY(link, struct delegation_notifier, ready_link)->client);
    while ((link = list_pop_front(&notices->delayed)))
        client_put(LIST_ENTRY(link, struct delegation_notifier, delayed_link)->client);
    while ((link = list_pop_front(&notices->broken)))
        stateid_put(&LIST_ENTRY(link, struct delegation_watch, broken_link)->delegation->sid);
    for (int i = 0; i < WATCH_SHARDS; i++) {
        htable_fini(&notices->shards[i].watches);
        pthread_mutex_destroy(&notices->shards[i].lock);
    }
    CHECK(notices->bytes == 0);
    pthread_mutex_destroy(&notices->lock);
}

static struct delegation_notices *notices_of(const struct delegation_notifier *notifier)
{
    return &notifier->client->state->delegations->notices;
}

struct delegation_notifier *delegation_notifier_of(struct client *client)
{
    return atomic_load_explicit(&owner_table_of(client)->notifier, memory_order_acquire);
}

static void notifier_destroy(struct delegation_notifier *notifier)
{
    CHECK(list_empty(&notifier->watches) && list_empty(&notifier->order));
    pthread_mutex_destroy(&notifier->lock);
    memory_free(MEMORY_delegations, notifier);
}

struct delegation_notifier *delegation_notifier_create(struct client *client)
{
    struct owner_table *table = owner_table_of(client);
    struct delegation_notifier *notifier = delegation_notifier_of(client), *other;

    if (notifier)
        return notifier;
    notifier = memory_zalloc(MEMORY_delegations, sizeof(*notifier));
    if (!notifier)
        return NULL;
    notifier->client = client;
    list_init(&notifier->ready_link);
    list_init(&notifier->delayed_link);
    CHECK(pthread_mutex_init(&notifier->lock, NULL) == 0);
    list_init(&notifier->watches);
    list_init(&notifier->order);
    pthread_mutex_lock(&table->lock);
    other = delegation_notifier_of(client);
    if (!other) {
        table->notifier_free = notifier_destroy;
        atomic_store_explicit(&table->notifier, notifier, memory_order_release);
    }
    pthread_mutex_unlock(&table->lock);
    if (!other)
        return notifier;
    notifier_destroy(notifier);
    return other;
}

void delegation_notifier_wake_locked(struct delegation_notifier *notifier)
{
    struct delegation_notices *notices = notices_of(notifier);

    if (notifier->busy || list_empty(&notifier->order))
        return;
    pthread_mutex_lock(&notices->lock);
    if (list_empty(&notifier->ready_link)) {
        (void)client_get(notifier->client);
        list_push_back(&notices->ready, &notifier->ready_link);
        atomic_fetch_add_explicit(&notices->pending, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&notices->lock);
}

void delegation_notifier_delay_locked(struct delegation_notifier *notifier)
{
    struct delegation_notices *notices = notices_of(notifier);

    pthread_mutex_lock(&notices->lock);
    if (list_empty(&notifier->delayed_link)) {
        (void)client_get(notifier->client);
        list_push_back(&notices->delayed, &notifier->delayed_link);
    }
    pthread_mutex_unlock(&notices->lock);
}

void delegation_notifier_clear_locked(struct delegation_watch *watch)
{
    delegation_queue_clear(&watch->queue);
    list_remove(&watch->attrs.order);
    watch->attrs_changed = watch->attrs_alone = false;
    watch->attrs_due_ns = 0;
    if (watch->notifier->run == watch)
        watch->notifier->run = NULL;
}

void delegation_notifier_break_locked(struct delegation_watch *watch, enum delegation_loss why)
{
    struct delegation_notices *notices = notices_of(watch->notifier);

    if (watch->broken || list_empty(&watch->link))
        return;
    watch->broken = true;
    watch->why = why;
    delegation_notifier_clear_locked(watch);
    stateid_get(&watch->delegation->sid);
    pthread_mutex_lock(&notices->lock);
    list_push_back(&notices->broken, &watch->broken_link);
    atomic_fetch_add_explicit(&notices->pending, 1, memory_order_relaxed);
    pthread_mutex_unlock(&notices->lock);
}

void delegation_notifier_silence(struct delegation_watch *watch)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->notifier->lock);
    watch->broken = true;
    delegation_notifier_clear_locked(watch);
    pthread_mutex_unlock(&watch->notifier->lock);
}

void delegation_notifier_attrs_locked(struct delegation_watch *watch)
{
    struct delegation_notifier *notifier = watch->notifier;

    if (watch->wants.dir_delay_ns > 0) {
        if (watch->attrs_due_ns == 0)
            watch->attrs_due_ns = clock_now_ns() + watch->wants.dir_delay_ns;
        delegation_notifier_delay_locked(notifier);
        return;
    }
    list_remove(&watch->attrs.order);
    list_push_back(&notifier->order, &watch->attrs.order);
    delegation_notifier_wake_locked(notifier);
}
