/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue of what a holder has not been told: against a model of a directory that changes at
 * random, the cache of a holder that applies what it is told is the directory whenever the queue is
 * empty, wherever it was listed again, and whatever was coalesced.  SR-16, P-14.
 */
#include "state/delegation/delegation_event.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "lib/test.h"

enum {
    NAMES = 12,
    ROUNDS = 250000 /* for each of four kinds of holder */
};

/* What a name leads to: 0: nothing. */
struct entry {
    uint64_t object, attrs;
};

struct model {
    struct delegation_queue queue;
    struct list order;
    _Atomic uint64_t bytes;
    struct entry dir[NAMES], cache[NAMES];
    uint64_t after, next_object;
    uint64_t last[NAMES]; /* of the events of each name, the last one told */
    uint64_t told, entries_told, made, entries_made, coalesced, seed;
    bool lists; /* the holder lists the directory at any time */
};

static uint32_t chance(struct model *model, uint32_t of)
{
    model->seed = hash_u64(model->seed + 0x9e3779b97f4a7c15ull);
    return (uint32_t)(model->seed >> 33) % of;
}

static struct vfs_change_entry entry_of(uint32_t name)
{
    static const char names[] = "abcdefghijklmnopqrstuvwxyz";

    return (struct vfs_change_entry){.name = names + name, .len = 1 + name % 3, .cookie = name + 3};
}

static uint32_t name_of(const struct delegation_event_name *name)
{
    return (uint32_t)(name->data[0] - 'a');
}

static void make(struct model *model, const struct vfs_change *change)
{
    struct delegation_event *event = delegation_event_create(change, 1, &model->bytes);
    const bool child = change->kind == VFS_CHANGE_CHILD;

    assert_non_null(event);
    model->made++;
    if (!child)
        model->entries_made++;
    model->coalesced += delegation_queue_add(&model->queue, &event->places[0], &model->order,
                                             child ? (int64_t)chance(model, 2) : 0);
    delegation_event_put(event);
}

static void change_entries(struct model *model, uint32_t from, uint32_t to)
{
    struct vfs_change change = {.after = ++model->after, .entry = entry_of(from)};
    struct entry *one = &model->dir[from], *other = &model->dir[to];

    if (one->object && from != to && chance(model, 3) == 0) {
        change.kind = VFS_CHANGE_RENAME;
        change.old = change.entry;
        change.entry = entry_of(to);
        if (other->object)
            change.replaced = change.entry;
        *other = *one;
        *one = (struct entry){0};
    } else if (one->object && chance(model, 4) > 0) {
        change.kind = VFS_CHANGE_REMOVE;
        *one = (struct entry){0};
    } else {
        change.kind = VFS_CHANGE_ADD;
        if (one->object)
            change.replaced = change.entry;
        *one = (struct entry){.object = ++model->next_object};
    }
    make(model, &change);
}

static void change_something(struct model *model)
{
    const uint32_t name = chance(model, NAMES);

    if (model->dir[name].object && chance(model, 3) == 0) {
        model->dir[name].attrs++;
        make(model, &(struct vfs_change){.kind = VFS_CHANGE_CHILD, .entry = entry_of(name)});
    } else {
        change_entries(model, name, chance(model, NAMES));
    }
}

/* A holder that does not list the directory knows what it is told, and so what is in the way. */
static void apply(struct model *model, const struct delegation_event *event, bool replaced)
{
    const uint32_t name = name_of(&event->name);
    const bool replaces = replaced || event->replaced.data;

    switch (event->type) {
    case NOTIFY4_ADD_ENTRY:
        assert_true(model->lists || replaces || !model->cache[name].object);
        break;
    case NOTIFY4_RENAME_ENTRY:
        assert_true(model->lists || model->cache[name_of(&event->old)].object);
        assert_true(model->lists || replaces || !model->cache[name].object);
        model->cache[name_of(&event->old)] = (struct entry){0};
        break;
    case NOTIFY4_CHANGE_CHILD_ATTRS:
        assert_true(model->lists || model->cache[name].object);
        break;
    case NOTIFY4_REMOVE_ENTRY:
        model->cache[name] = (struct entry){0};
        return;
    default:
        fail();
    }
    model->cache[name] = model->dir[name]; /* attributes are read now */
    if (event->type != NOTIFY4_CHANGE_CHILD_ATTRS && !model->cache[name].object)
        model->cache[name].object = UINT64_MAX; /* without any */
}

static void check_order(struct model *model, const struct delegation_event *event)
{
    const uint32_t name = name_of(&event->name);

    if (event->type == NOTIFY4_CHANGE_CHILD_ATTRS)
        return;
    assert_true(event->after > model->last[name]);
    model->last[name] = event->after;
    if (event->old.data) {
        assert_true(event->after > model->last[name_of(&event->old)]);
        model->last[name_of(&event->old)] = event->after;
    }
    model->entries_told++;
    if (model->queue.ordered)
        assert_int_equal(event->after, model->entries_told);
}

static bool take(struct model *model)
{
    struct delegation_place *place;
    struct delegation_event *event;
    bool replaced;

    if (list_empty(&model->order))
        return false;
    place = LIST_ENTRY(model->order.next, struct delegation_place, order);
    replaced = place->replaced;
    event = delegation_queue_take(place);
    check_order(model, event);
    apply(model, event, replaced);
    model->told++;
    delegation_event_put(event);
    return true;
}

/* All is told: what the holder has is the directory, its files with their last attributes. */
static void settle(struct model *model)
{
    delegation_queue_wake(&model->queue, &model->order);
    while (take(model))
        ;
    assert_int_equal(model->queue.count, 0);
    assert_int_equal(model->queue.bytes, 0);
    assert_int_equal(model->queue.names.count, 0);
    assert_int_equal(model->bytes, 0);
    assert_memory_equal(model->cache, model->dir, sizeof(model->dir));
}

static void step(struct model *model)
{
    if (chance(model, 2) == 0)
        for (uint32_t i = chance(model, 6); i > 0; i--)
            (void)take(model);
    if (model->lists && chance(model, 20) == 0)
        memcpy(model->cache, model->dir, sizeof(model->cache));
    if (chance(model, 30) == 0)
        delegation_queue_wake(&model->queue, &model->order);
    if (chance(model, 50) == 0)
        settle(model);
}

static void run(bool ordered, bool lists)
{
    struct model *model = calloc(1, sizeof(*model));

    assert_non_null(model);
    model->lists = lists;
    model->seed = 13u + ordered + 2u * lists;
    delegation_queue_init(&model->queue);
    model->queue.ordered = ordered;
    list_init(&model->order);
    for (int i = 0; i < ROUNDS; i++) {
        change_something(model);
        step(model);
    }
    settle(model);
    assert_int_equal(model->told + model->coalesced, model->made);
    assert_true(model->coalesced > ROUNDS / 20);
    if (ordered)
        assert_int_equal(model->entries_told, model->entries_made);
    delegation_queue_fini(&model->queue);
    free(model);
}

static void a_cache(void **unused)
{
    (void)unused;
    run(false, false);
}

static void a_cache_listed_again(void **unused)
{
    (void)unused;
    run(false, true);
}

static void a_cache_in_order(void **unused)
{
    (void)unused;
    run(true, false);
    run(true, true);
}

/* A create and its remove: one event remains.  The same name again and again takes no more room. */
static void one_name(void **unused)
{
    struct vfs_change add = {.kind = VFS_CHANGE_ADD, .entry = entry_of(0)};
    struct vfs_change gone = {.kind = VFS_CHANGE_REMOVE, .entry = entry_of(0)};
    struct model *model = calloc(1, sizeof(*model));

    (void)unused;
    assert_non_null(model);
    delegation_queue_init(&model->queue);
    list_init(&model->order);
    for (int i = 0; i < 1000; i++) {
        make(model, &add);
        assert_int_equal(model->queue.count, 1);
        make(model, &gone);
        assert_int_equal(model->queue.count, 1);
    }
    assert_int_equal(model->coalesced, 1999);
    delegation_queue_clear(&model->queue);
    assert_int_equal(model->bytes, 0);
    assert_true(list_empty(&model->order));
    delegation_queue_fini(&model->queue);
    free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cache),
        cmocka_unit_test(a_cache_listed_again),
        cmocka_unit_test(a_cache_in_order),
        cmocka_unit_test(one_name),
    };

    return test_group_run(tests);
}
