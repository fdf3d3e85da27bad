/* SPDX-License-Identifier: Apache-2.0 */
#include "state/file/lock_table.h"

#include "base/check.h"
#include "base/memory.h"

void lock_table_init(struct lock_table *table)
{
    *table = (struct lock_table){0};
}

void lock_table_fini(struct lock_table *table)
{
    CHECK(table->count == 0);
    while (table->spare_count > 0)
        memory_free(MEMORY_locks, table->spare[--table->spare_count]);
    if (table->holders_ready)
        htable_fini(&table->holders);
}

static uint64_t owner_hash(const struct owner *owner)
{
    return hash_u64((uint64_t)(uintptr_t)owner);
}

struct lock_holder *lock_table_holder(const struct lock_table *table, const struct owner *owner)
{
    struct hnode *node = NULL;

    if (table->holders_ready && owner)
        node = htable_first(&table->holders, owner_hash(owner));
    for (; node; node = htable_next(node)) {
        struct lock_holder *holder = CONTAINER_OF(node, struct lock_holder, node);

        if (holder->owner == owner)
            return holder;
    }
    return NULL;
}

bool lock_set_init(struct lock_table *table, struct lock_set *set, struct owner *owner)
{
    struct lock_holder *holder = lock_table_holder(table, owner);

    if (!table->holders_ready) {
        htable_init(&table->holders, 4);
        table->holders_ready = true;
    }
    if (!holder) {
        holder = memory_zalloc(MEMORY_locks, sizeof(*holder));
        if (!holder)
            return false;
        holder->owner = owner;
        list_init(&holder->sets);
        htable_insert(&table->holders, &holder->node, owner_hash(owner));
    }
    set->holder = holder;
    set->total = NULL;
    list_init(&set->locks);
    list_push_back(&holder->sets, &set->holder_link);
    return true;
}

void lock_set_fini(struct lock_table *table, struct lock_set *set)
{
    struct lock_holder *holder = set->holder;

    CHECK(list_empty(&set->locks));
    list_remove(&set->holder_link);
    set->holder = NULL;
    if (!list_empty(&holder->sets))
        return;
    htable_remove(&table->holders, &holder->node);
    memory_free(MEMORY_locks, holder);
}

static struct lock_tree *tree_of(struct lock_table *table, bool write)
{
    return write ? &table->write : &table->read;
}

static struct lock *of_file(struct lock_node *node)
{
    return CONTAINER_OF(node, struct lock, in_file);
}

static struct lock *of_holder(struct lock_node *node)
{
    return CONTAINER_OF(node, struct lock, in_holder);
}

static const struct lock *conflict_in(const struct lock_tree *tree, const struct lock_holder *self,
                                      const struct lock_range *range,
                                      const struct lock_filter *filter)
{
    struct lock_node *node = lock_tree_first(tree, range, self);

    while (node && filter && !filter->counts(of_file(node), filter->arg))
        node = lock_tree_next(node, range, self);
    return node ? of_file(node) : NULL;
}

const struct lock *lock_table_conflict(const struct lock_table *table,
                                       const struct lock_holder *self, bool write,
                                       const struct lock_range *range,
                                       const struct lock_filter *filter)
{
    const struct lock *writer = conflict_in(&table->write, self, range, filter), *reader;

    if (!write)
        return writer;
    reader = conflict_in(&table->read, self, range, filter);
    if (!writer || (reader && reader->in_file.range.start < writer->in_file.range.start))
        return reader;
    return writer;
}

static void place(struct lock_table *table, struct lock *lock, const struct lock_range *range)
{
    lock_tree_insert(tree_of(table, lock->write), &lock->in_file, range, lock->set->holder);
    lock_tree_insert(&lock->set->holder->own, &lock->in_holder, range, NULL);
}

static void displace(struct lock_table *table, struct lock *lock)
{
    lock_tree_remove(tree_of(table, lock->write), &lock->in_file);
    lock_tree_remove(&lock->set->holder->own, &lock->in_holder);
}

bool lock_table_reserve(struct lock_table *table)
{
    while (table->spare_count < LOCK_TABLE_ADDS) {
        struct lock *lock = memory_alloc(MEMORY_locks, sizeof(*lock));

        if (!lock)
            return false;
        table->spare[table->spare_count++] = lock;
    }
    return true;
}

static void add(struct lock_table *table, struct lock_set *set, bool write,
                const struct lock_range *range)
{
    struct lock *lock;

    CHECK(table->spare_count > 0);
    lock = table->spare[--table->spare_count];
    lock->set = set;
    lock->write = write;
    list_push_back(&set->locks, &lock->set_link);
    if (set->total)
        (*set->total)++;
    place(table, lock, range);
    table->count++;
}

static void erase(struct lock_table *table, struct lock *lock)
{
    displace(table, lock);
    list_remove(&lock->set_link);
    if (lock->set->total)
        (*lock->set->total)--;
    if (table->spare_count < LOCK_TABLE_ADDS)
        table->spare[table->spare_count++] = lock;
    else
        memory_free(MEMORY_locks, lock);
    table->count--;
}

/* What is left of `lock` outside of `hole`: nothing, one piece or two. */
static void cut(struct lock_table *table, struct lock *lock, const struct lock_range *hole)
{
    const struct lock_range was = lock->in_file.range;
    const struct lock_range before = {was.start, hole->start - 1}, after = {hole->end + 1, was.end};
    bool left = was.start<hole->start, right = was.end> hole->end;

    if (!left && !right) {
        erase(table, lock);
        return;
    }
    displace(table, lock);
    place(table, lock, left ? &before : &after);
    if (left && right)
        add(table, lock->set, lock->write, &after);
}

bool lock_table_splits(const struct lock_holder *holder, const struct lock_range *range)
{
    const struct lock_node *node = lock_tree_first(&holder->own, range, NULL);

    return node && node->range.start < range->start && node->range.end > range->end;
}

bool lock_table_unlock(struct lock_table *table, struct lock_holder *holder,
                       const struct lock_range *range, uint32_t most)
{
    struct lock_node *node;

    while ((node = lock_tree_first(&holder->own, range, NULL))) {
        if (most-- == 0)
            return false;
        cut(table, of_holder(node), range);
    }
    return true;
}

/* Take a neighbour of the same kind that touches byte `at` into `range`. */
static void absorb(struct lock_table *table, struct lock_set *set, bool write, uint64_t at,
                   struct lock_range *range)
{
    const struct lock_range byte = {at, at};
    struct lock_node *node = lock_tree_first(&set->holder->own, &byte, NULL);
    struct lock *lock;

    if (!node)
        return;
    lock = of_holder(node);
    if (lock->set != set || lock->write != write)
        return;
    if (node->range.start < range->start)
        range->start = node->range.start;
    if (node->range.end > range->end)
        range->end = node->range.end;
    erase(table, lock);
}

bool lock_table_replaces(const struct lock_set *set, bool write, const struct lock_range *range)
{
    /* Those for reading are replaced by the like: one too many is no harm. */
    return !write && lock_tree_first(&set->holder->own, range, NULL);
}

void lock_table_lock(struct lock_table *table, struct lock_set *set, bool write,
                     const struct lock_range *range)
{
    struct lock_range whole = *range;

    CHECK(lock_table_unlock(table, set->holder, range, UINT32_MAX));
    if (range->start > 0)
        absorb(table, set, write, range->start - 1, &whole);
    if (range->end < UINT64_MAX)
        absorb(table, set, write, range->end + 1, &whole);
    add(table, set, write, &whole);
}

bool lock_table_drop(struct lock_table *table, struct lock_set *set, uint32_t most)
{
    LIST_FOREACH_SAFE (lock, &set->locks, struct lock, set_link) {
        if (most-- == 0)
            return false;
        erase(table, lock);
    }
    return true;
}
