/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_event.h"

#include <sodium.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"

enum notify_type4 delegation_event_type(enum vfs_change_kind kind)
{
    switch (kind) {
    case VFS_CHANGE_ADD:
        return NOTIFY4_ADD_ENTRY;
    case VFS_CHANGE_REMOVE:
        return NOTIFY4_REMOVE_ENTRY;
    case VFS_CHANGE_RENAME:
        return NOTIFY4_RENAME_ENTRY;
    case VFS_CHANGE_CHILD:
        return NOTIFY4_CHANGE_CHILD_ATTRS;
    case VFS_CHANGE_DIR:
    case VFS_CHANGE_UNKNOWN:
    case VFS_CHANGE_GONE:
        break;
    }
    return NOTIFY4_CHANGE_DIR_ATTRS;
}

static size_t entry_bytes(const struct vfs_change_entry *entry)
{
    return entry->name ? entry->len : 0;
}

static void keep_name(struct delegation_event_name *out, const struct vfs_change_entry *entry,
                      char **at)
{
    if (!entry->name)
        return;
    memcpy(*at, entry->name, entry->len);
    *out = (struct delegation_event_name){
        .data = *at, .len = (uint32_t)entry->len, .cookie = entry->cookie};
    *at += entry->len;
}

/* Its handle instead of a reference, which the backend's hook could not put. */
static void keep_child(struct delegation_event *event, const struct vfs_object *child)
{
    if (!child)
        return;
    event->child_fs = child->fs;
    event->child.len = child->handle.len;
    memcpy(event->child.data, child->handle.data, child->handle.len);
}

struct delegation_event *delegation_event_create(const struct vfs_change *change,
                                                 uint32_t place_count, _Atomic uint64_t *total)
{
    const size_t names = entry_bytes(&change->entry) + entry_bytes(&change->old) +
                         entry_bytes(&change->replaced) + entry_bytes(&change->previous);
    struct delegation_event *event;
    const size_t places = place_count * sizeof(event->places[0]);
    const size_t bytes = sizeof(*event) + places + names;
    char *at;

    event = memory_zalloc(MEMORY_delegations, bytes);
    if (!event)
        return NULL;
    atomic_init(&event->refs, 1);
    event->type = delegation_event_type(change->kind);
    event->bytes = (uint32_t)bytes;
    event->share_bytes = (uint32_t)(sizeof(*event) + sizeof(event->places[0]) + names);
    event->total = total;
    atomic_fetch_add_explicit(total, bytes, memory_order_relaxed);
    event->after = change->after;
    event->ordered = change->entry.cookie != 0 && event->type != NOTIFY4_CHANGE_CHILD_ATTRS;
    event->place_count = place_count;
    for (uint32_t i = 0; i < place_count; i++)
        event->places[i].event = event;
    at = (char *)&event->places[place_count];
    keep_name(&event->name, &change->entry, &at);
    keep_name(&event->old, &change->old, &at);
    keep_name(&event->replaced, &change->replaced, &at);
    keep_name(&event->previous, &change->previous, &at);
    keep_child(event, change->entry.obj);
    return event;
}

struct delegation_event *delegation_event_get(struct delegation_event *event)
{
    atomic_fetch_add_explicit(&event->refs, 1, memory_order_relaxed);
    return event;
}

/* Release pairs with acquire: what others did with the event happens before it is freed. */
void delegation_event_put(struct delegation_event *event)
{
    if (!event || atomic_fetch_sub_explicit(&event->refs, 1, memory_order_acq_rel) != 1)
        return;
    atomic_fetch_sub_explicit(event->total, event->bytes, memory_order_relaxed);
    memory_free(MEMORY_delegations, event);
}

void delegation_queue_init(struct delegation_queue *queue)
{
    memset(queue, 0, sizeof(*queue));
    list_init(&queue->places);
    list_init(&queue->resting);
    htable_init(&queue->names, 0);
    randombytes_buf(&queue->seed, sizeof(queue->seed));
}

void delegation_queue_fini(struct delegation_queue *queue)
{
    CHECK(list_empty(&queue->places) && list_empty(&queue->resting));
    htable_fini(&queue->names);
}

static const struct delegation_event_name *event_name(const struct delegation_place_name *name)
{
    const struct delegation_place *place = name->place;

    return name == &place->name ? &place->event->name : &place->event->old;
}

static struct delegation_place_name *find(const struct delegation_queue *queue,
                                          const struct delegation_event_name *name, uint64_t hash)
{
    struct hnode *node = htable_first(&queue->names, hash);

    for (; node; node = htable_next(node)) {
        struct delegation_place_name *found =
            CONTAINER_OF(node, struct delegation_place_name, node);
        const struct delegation_event_name *other = event_name(found);

        if (other->len == name->len && memcmp(other->data, name->data, name->len) == 0)
            return found;
    }
    return NULL;
}

static void unlist(struct delegation_queue *queue, struct delegation_place_name *name)
{
    if (!name->place)
        return;
    htable_remove(&queue->names, &name->node);
    name->place = NULL;
}

struct delegation_event *delegation_queue_take(struct delegation_place *place)
{
    struct delegation_queue *queue = place->queue;

    CHECK(queue);
    unlist(queue, &place->name);
    unlist(queue, &place->old);
    list_remove(&place->order);
    list_remove(&place->link);
    place->queue = NULL;
    queue->count--;
    queue->bytes -= place->event->share_bytes;
    return place->event;
}

static uint32_t leave(struct delegation_place *place)
{
    delegation_event_put(delegation_queue_take(place));
    return 1;
}

/* Will the attributes be told with this event, the last one of their child's name? */
static bool tells_attributes(const struct delegation_place_name *last)
{
    switch (last->place->event->type) {
    case NOTIFY4_CHANGE_CHILD_ATTRS:
    case NOTIFY4_ADD_ENTRY:
        return true;
    case NOTIFY4_RENAME_ENTRY:
        return last == &last->place->name;
    default:
        return false;
    }
}

/* `last` is the last event with a name of the new event, which makes it pointless or not. */
static bool displaces(const struct delegation_queue *queue, struct delegation_place *fresh,
                      const struct delegation_place *last)
{
    const enum notify_type4 type = fresh->event->type, before = last->event->type;

    if (before == NOTIFY4_CHANGE_CHILD_ATTRS)
        return true;
    if (queue->ordered || before == NOTIFY4_RENAME_ENTRY)
        return false;
    if (type == NOTIFY4_ADD_ENTRY)
        fresh->replaced = true;
    return type == NOTIFY4_ADD_ENTRY ||
           (type == NOTIFY4_REMOVE_ENTRY && before == NOTIFY4_ADD_ENTRY);
}

/* The new event is the last one of this name.  Returns whether the one before left. */
static uint32_t list_name(struct delegation_queue *queue, struct delegation_place *place,
                          struct delegation_place_name *as,
                          const struct delegation_event_name *name)
{
    const uint64_t hash = hash_bytes(name->data, name->len, queue->seed);
    struct delegation_place_name *last = find(queue, name, hash);
    uint32_t left = 0;

    if (last && displaces(queue, place, last->place))
        left = leave(last->place);
    else if (last)
        unlist(queue, last);
    as->place = place;
    htable_insert(&queue->names, &as->node, hash);
    return left;
}

static bool is_pointless(const struct delegation_queue *queue, const struct delegation_event *event)
{
    const struct delegation_place_name *last;

    if (event->type != NOTIFY4_CHANGE_CHILD_ATTRS)
        return false;
    last = find(queue, &event->name, hash_bytes(event->name.data, event->name.len, queue->seed));
    return last && tells_attributes(last);
}

static void rest(struct delegation_queue *queue, struct delegation_place *place, int64_t due_ns)
{
    if (list_empty(&queue->resting) || due_ns < queue->due_ns)
        queue->due_ns = due_ns;
    list_push_back(&queue->resting, &place->order);
}

uint32_t delegation_queue_add(struct delegation_queue *queue, struct delegation_place *place,
                              struct list *order, int64_t due_ns)
{
    struct delegation_event *event = place->event;
    uint32_t left;

    if (is_pointless(queue, event))
        return 1;
    (void)delegation_event_get(event);
    left = list_name(queue, place, &place->name, &event->name);
    if (event->old.data)
        left += list_name(queue, place, &place->old, &event->old);
    place->queue = queue;
    list_push_back(&queue->places, &place->link);
    queue->count++;
    queue->bytes += event->share_bytes;
    if (due_ns != 0)
        rest(queue, place, due_ns);
    else
        list_push_back(order, &place->order);
    return left;
}

void delegation_queue_wake(struct delegation_queue *queue, struct list *order)
{
    struct list *link;

    while ((link = list_pop_front(&queue->resting)))
        list_push_back(order, link);
}

void delegation_queue_clear(struct delegation_queue *queue)
{
    while (!list_empty(&queue->places))
        (void)leave(LIST_ENTRY(queue->places.next, struct delegation_place, link));
}
