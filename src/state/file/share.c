/* SPDX-License-Identifier: Apache-2.0 */
#include "state/file/share.h"

#include "base/check.h"
#include "base/memory.h"
#include "wire/nfs4_const.h"

/* The kinds, as bits, that an open with these bits has. */
static uint32_t kinds_of(uint32_t access, uint32_t deny)
{
    return access | deny << 2;
}

/* The kinds that stand in its way. */
static uint32_t kinds_against(uint32_t access, uint32_t deny)
{
    return deny | access << 2;
}

_Static_assert(OPEN4_SHARE_ACCESS_BOTH == 3 && OPEN4_SHARE_DENY_BOTH == 3, "two bits each");

/* Takes the lowest of them out. */
static unsigned next_kind(uint32_t *kinds)
{
    unsigned kind = (unsigned)__builtin_ctz(*kinds);

    *kinds &= *kinds - 1;
    return kind;
}

bool file_share_conflict(const struct file_share *share, uint32_t access, uint32_t deny)
{
    return ((access & OPEN4_SHARE_ACCESS_READ) && share->deny_read > 0) ||
           ((access & OPEN4_SHARE_ACCESS_WRITE) && share->deny_write > 0) ||
           ((deny & OPEN4_SHARE_DENY_READ) && share->access_read > 0) ||
           ((deny & OPEN4_SHARE_DENY_WRITE) && share->access_write > 0);
}

void file_share_add(struct file_share *share, uint32_t access, uint32_t deny)
{
    for (uint32_t kinds = kinds_of(access, deny); kinds;)
        share->of_kind[next_kind(&kinds)]++;
}

void file_share_sub(struct file_share *share, uint32_t access, uint32_t deny)
{
    for (uint32_t kinds = kinds_of(access, deny); kinds;) {
        unsigned kind = next_kind(&kinds);

        CHECK(share->of_kind[kind] > 0);
        share->of_kind[kind]--;
    }
}

void share_table_init(struct share_table *table)
{
    for (unsigned kind = 0; kind < SHARE_KINDS; kind++)
        list_init(&table->by_kind[kind]);
}

void share_table_fini(struct share_table *table)
{
    CHECK(!table->first.client);
    if (table->others_ready)
        htable_fini(&table->others);
}

static uint64_t group_hash(const struct client *client, const struct vfs_object *obj)
{
    return hash_u64((uint64_t)(uintptr_t)client) ^ hash_u64((uint64_t)(uintptr_t)obj + 1);
}

static bool group_is(const struct share_group *group, const struct client *client,
                     const struct vfs_object *obj)
{
    return group->client == client && group->obj == obj;
}

struct share_group *share_group_lookup(struct share_table *table, const struct client *client,
                                       const struct vfs_object *obj)
{
    struct hnode *node = NULL;

    if (group_is(&table->first, client, obj))
        return &table->first;
    if (table->others_ready)
        node = htable_first(&table->others, group_hash(client, obj));
    for (; node; node = htable_next(node)) {
        struct share_group *group = CONTAINER_OF(node, struct share_group, node);

        if (group_is(group, client, obj))
            return group;
    }
    return NULL;
}

static struct share_group *group_init(struct share_group *group, struct client *client,
                                      const struct vfs_object *obj)
{
    group->client = client;
    group->obj = obj;
    list_init(&group->opens);
    for (unsigned kind = 0; kind < SHARE_KINDS; kind++)
        list_init(&group->links[kind]);
    return group;
}

struct share_group *share_group_get(struct share_table *table, struct client *client,
                                    const struct vfs_object *obj)
{
    struct share_group *group = share_group_lookup(table, client, obj);

    if (group)
        return group;
    if (!table->first.client)
        return group_init(&table->first, client, obj);
    if (!table->others_ready) {
        htable_init(&table->others, 4);
        table->others_ready = true;
    }
    group = memory_zalloc(MEMORY_opens, sizeof(*group));
    if (!group)
        return NULL;
    (void)group_init(group, client, obj);
    htable_insert(&table->others, &group->node, group_hash(client, obj));
    return group;
}

void share_group_put(struct share_table *table, struct share_group *group)
{
    if (!list_empty(&group->opens))
        return;
    for (unsigned kind = 0; kind < SHARE_KINDS; kind++)
        CHECK(group->share.of_kind[kind] == 0);
    group->client = NULL;
    if (group == &table->first)
        return;
    htable_remove(&table->others, &group->node);
    memory_free(MEMORY_opens, group);
}

void share_group_add(struct share_table *table, struct share_group *group, uint32_t access,
                     uint32_t deny)
{
    for (uint32_t kinds = kinds_of(access, deny); kinds;) {
        unsigned kind = next_kind(&kinds);

        if (group->share.of_kind[kind]++ == 0)
            list_push_back(&table->by_kind[kind], &group->links[kind]);
    }
}

void share_group_sub(struct share_group *group, uint32_t access, uint32_t deny)
{
    for (uint32_t kinds = kinds_of(access, deny); kinds;) {
        unsigned kind = next_kind(&kinds);

        CHECK(group->share.of_kind[kind] > 0);
        if (--group->share.of_kind[kind] == 0)
            list_remove(&group->links[kind]);
    }
}

/* False: `visit` wants no more. */
static bool visit_kind(struct share_table *table, unsigned kind,
                       bool (*visit)(struct share_group *group, void *arg), void *arg)
{
    struct list *head = &table->by_kind[kind];

    for (struct list *link = head->next, *next; link != head; link = next) {
        next = link->next;
        if (visit(CONTAINER_OF(link - kind, struct share_group, links[0]), arg))
            continue;
        list_remove(link);
        list_push_front(head, link);
        return false;
    }
    return true;
}

void share_table_visit(struct share_table *table, uint32_t access, uint32_t deny,
                       bool (*visit)(struct share_group *group, void *arg), void *arg)
{
    const uint32_t against = kinds_against(access, deny);

    for (unsigned kind = 0; kind < SHARE_KINDS; kind++) {
        if ((against >> kind & 1) && !visit_kind(table, kind, visit, arg))
            return;
    }
}
