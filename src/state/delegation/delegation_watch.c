/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_watch.h"

#include "base/clock.h"
#include "base/memory.h"
#include "state/delegation/delegation_internal.h"

enum {
    /* Of the memory that is left for all queues, one may have this part: so those of clients that
     * take nothing never use up all of it. */
    WATCH_ROOM_SHARE = 32
};

static struct watch_shard *shard_of(struct delegation_tables *tables, uint64_t hash)
{
    return &tables->notices.shards[hash % WATCH_SHARDS];
}

static uint64_t hash_of(const struct vfs_node *dir)
{
    return hash_u64((uint64_t)(uintptr_t)dir);
}

static const struct vfs_node *dir_of(const struct delegation_watch *watch)
{
    return watch->delegation->obj->node;
}

static bool has_type(const struct delegation_watch *watch, enum notify_type4 type)
{
    return (watch->wants.types >> type & 1) != 0;
}

static void cred_copy(struct delegation_watch *watch, const struct vfs_cred *cred)
{
    watch->cred = *cred;
    watch->cred.gids = watch->gids;
    for (uint32_t i = 0; i < cred->gid_count; i++)
        watch->gids[i] = cred->gids[i];
}

struct delegation_watch *delegation_watch_create(struct delegation *delegation,
                                                 const struct delegation_subscription *wants,
                                                 const struct vfs_cred *cred)
{
    struct delegation_notifier *notifier = delegation_notifier_create(delegation->client);
    struct delegation_watch *watch;

    if (!notifier || atomic_load_explicit(&delegation->obj->node->watchers, memory_order_relaxed) >=
                         LIMIT_WATCHES_PER_DIRECTORY)
        return NULL;
    watch = memory_zalloc(MEMORY_delegations,
                          sizeof(*watch) + cred->gid_count * sizeof(watch->gids[0]));
    if (!watch)
        return NULL;
    watch->delegation = delegation;
    watch->notifier = notifier;
    watch->wants = *wants;
    cred_copy(watch, cred);
    list_init(&watch->link);
    list_init(&watch->broken_link);
    list_init(&watch->attrs.order);
    delegation_queue_init(&watch->queue);
    watch->queue.ordered = wants->ordered;
    return watch;
}

void delegation_watch_destroy(struct delegation_watch *watch)
{
    if (!watch)
        return;
    CHECK(!watch->listed && list_empty(&watch->link));
    delegation_queue_fini(&watch->queue);
    memory_free(MEMORY_delegations, watch);
}

void delegation_watch_begin(struct delegation_watch *watch)
{
    const uint64_t hash = hash_of(dir_of(watch));
    struct watch_shard *shard = shard_of(watch->delegation->client->state->delegations, hash);

    pthread_mutex_lock(&shard->lock);
    htable_insert(&shard->watches, &watch->by_dir, hash);
    watch->listed = true;
    pthread_mutex_lock(&watch->notifier->lock);
    list_push_back(&watch->notifier->watches, &watch->link);
    pthread_mutex_unlock(&watch->notifier->lock);
    pthread_mutex_unlock(&shard->lock);
    vfs_watch_begin(watch->delegation->obj, has_type(watch, NOTIFY4_CHANGE_CHILD_ATTRS));
}

void delegation_watch_end(struct delegation_watch *watch)
{
    struct watch_shard *shard;
    bool listed;

    if (!watch)
        return;
    shard = shard_of(watch->delegation->client->state->delegations, hash_of(dir_of(watch)));
    pthread_mutex_lock(&shard->lock);
    listed = watch->listed;
    if (listed) {
        htable_remove(&shard->watches, &watch->by_dir);
        watch->listed = false;
        pthread_mutex_lock(&watch->notifier->lock);
        list_remove(&watch->link);
        delegation_notifier_clear_locked(watch);
        pthread_mutex_unlock(&watch->notifier->lock);
    }
    pthread_mutex_unlock(&shard->lock);
    if (listed)
        vfs_watch_end(watch->delegation->obj, has_type(watch, NOTIFY4_CHANGE_CHILD_ATTRS));
}

/* Has the holder made the change itself, and not through another export, where the directory is
 * another one for it? */
static bool is_own(const struct delegation_watch *watch, const struct vfs_change *change)
{
    const struct vfs_object *entry = change->entry.obj;

    return change->actor == watch->delegation->client &&
           (!entry || entry->fs == watch->delegation->obj->fs);
}

static bool is_told(const struct delegation_watch *watch, const struct vfs_change *change)
{
    if (change->kind == VFS_CHANGE_UNKNOWN || change->kind == VFS_CHANGE_GONE)
        return true;
    return has_type(watch, delegation_event_type(change->kind)) && !is_own(watch, change);
}

/* As long as there is much room for all, each queue may have LIMIT_WATCH_BYTES of it. */
static uint64_t room_of_one(const struct delegation_notices *notices)
{
    const uint64_t used = atomic_load_explicit(&notices->bytes, memory_order_relaxed);
    const uint64_t room = used < LIMIT_NOTIFY_BYTES ? LIMIT_NOTIFY_BYTES - used : 0;

    return room / WATCH_ROOM_SHARE < LIMIT_WATCH_BYTES ? room / WATCH_ROOM_SHARE
                                                       : LIMIT_WATCH_BYTES;
}

static bool is_full(const struct delegation_watch *watch)
{
    const struct delegation_notices *notices =
        &watch->delegation->client->state->delegations->notices;

    return watch->queue.count > LIMIT_WATCH_EVENTS || watch->queue.bytes > room_of_one(notices);
}

static void queue_locked(struct delegation_watch *watch, struct delegation_place *place)
{
    struct state *state = watch->delegation->client->state;
    const bool rests =
        place->event->type == NOTIFY4_CHANGE_CHILD_ATTRS && watch->wants.child_delay_ns > 0;
    const int64_t due_ns = rests ? clock_now_ns() + watch->wants.child_delay_ns : 0;
    const uint32_t left =
        delegation_queue_add(&watch->queue, place, &watch->notifier->order, due_ns);

    delegation_count(state, DELEGATION_COUNTER_notify_events_queued);
    counter_add(state->delegations->counters, DELEGATION_COUNTER_notify_events_coalesced, left);
    if (is_full(watch))
        delegation_notifier_break_locked(watch, DELEGATION_LOSS_OVERFLOW);
    else if (rests)
        delegation_notifier_delay_locked(watch->notifier);
    else
        delegation_notifier_wake_locked(watch->notifier);
}

/* Without an event: of a kind that has none, or for lack of memory. */
static void tell_kind_locked(struct delegation_watch *watch, enum vfs_change_kind kind)
{
    switch (kind) {
    case VFS_CHANGE_DIR:
        watch->attrs_alone = watch->unchecked = true;
        delegation_notifier_attrs_locked(watch);
        return;
    case VFS_CHANGE_UNKNOWN:
    case VFS_CHANGE_GONE:
        delegation_notifier_break_locked(watch, DELEGATION_LOSS_UNKNOWN);
        return;
    case VFS_CHANGE_ADD:
    case VFS_CHANGE_REMOVE:
    case VFS_CHANGE_RENAME:
    case VFS_CHANGE_CHILD:
        delegation_notifier_break_locked(watch, DELEGATION_LOSS_MEMORY);
    }
}

/* `place` is NULL if there is no event. */
static void tell(struct delegation_watch *watch, const struct vfs_change *change,
                 struct delegation_place *place)
{
    pthread_mutex_lock(&watch->notifier->lock);
    watch->seen++;
    if (!watch->broken && place)
        queue_locked(watch, place);
    else if (!watch->broken)
        tell_kind_locked(watch, change->kind);
    pthread_mutex_unlock(&watch->notifier->lock);
}

static struct delegation_watch *next_told(struct hnode *node, const struct vfs_node *dir,
                                          const struct vfs_change *change)
{
    for (; node; node = htable_next(node)) {
        struct delegation_watch *watch = CONTAINER_OF(node, struct delegation_watch, by_dir);

        if (dir_of(watch) == dir && is_told(watch, change))
            return watch;
    }
    return NULL;
}

static bool has_event(const struct vfs_change *change)
{
    return change->kind == VFS_CHANGE_ADD || change->kind == VFS_CHANGE_REMOVE ||
           change->kind == VFS_CHANGE_RENAME || change->kind == VFS_CHANGE_CHILD;
}

/* For this many holders; NULL without memory. */
static struct delegation_event *make_event(struct delegation_notices *notices,
                                           const struct vfs_change *change, uint32_t holders)
{
    if (atomic_load_explicit(&notices->bytes, memory_order_relaxed) >= LIMIT_NOTIFY_BYTES)
        return NULL;
    return delegation_event_create(change, holders, &notices->bytes);
}

static void tell_all_locked(struct delegation_notices *notices, struct hnode *first,
                            const struct vfs_node *dir, const struct vfs_change *change)
{
    struct delegation_event *event = NULL;
    struct delegation_watch *watch;
    uint32_t holders = 0, at = 0;

    for (struct hnode *node = first; (watch = next_told(node, dir, change));
         node = htable_next(&watch->by_dir))
        holders++;
    if (holders == 0)
        return;
    if (has_event(change))
        event = make_event(notices, change, holders);
    for (struct hnode *node = first; (watch = next_told(node, dir, change));
         node = htable_next(&watch->by_dir))
        tell(watch, change, event ? &event->places[at++] : NULL);
    delegation_event_put(event);
}

/* Called by the backend, with its locks held.  What follows without locks is left to
 * delegation_notify_run(). */
static void changed(struct vfs_node *dir, const struct vfs_change *change, void *context)
{
    struct state *state = context;
    const uint64_t hash = hash_of(dir);
    struct watch_shard *shard = shard_of(state->delegations, hash);

    pthread_mutex_lock(&shard->lock);
    tell_all_locked(&state->delegations->notices, htable_first(&shard->watches, hash), dir, change);
    pthread_mutex_unlock(&shard->lock);
}

void delegation_watch_start(struct state *state)
{
    struct delegation_notices *notices = &state->delegations->notices;

    notices->changes = (struct vfs_change_hook){.changed = changed, .context = state};
    vfs_change_hook_set(&notices->changes);
}

void delegation_watch_stop(void)
{
    vfs_change_hook_set(NULL);
}

void delegation_watch_view(const struct delegation *delegation, struct delegation_watch_view *view)
{
    struct delegation_watch *watch = delegation->watch;

    *view = (struct delegation_watch_view){.types = 0};
    if (!watch)
        return;
    view->types = watch->wants.types;
    pthread_mutex_lock(&watch->notifier->lock);
    view->queued = watch->queue.count;
    view->bytes = watch->queue.bytes;
    pthread_mutex_unlock(&watch->notifier->lock);
}
