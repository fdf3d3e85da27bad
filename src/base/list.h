/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intrusive doubly linked list with a head.  A node that is on no list points to itself, so
 * list_remove() may be called twice.  The caller locks.
 */
#pragma once

#include <stdbool.h>

#include "base/check.h"

struct list {
    struct list *next, *prev;
};

#define LIST_INIT(name)                                                                            \
    {                                                                                              \
        &(name), &(name)                                                                           \
    }

static inline void list_init(struct list *list)
{
    list->next = list->prev = list;
}

static inline bool list_empty(const struct list *list)
{
    return list->next == list;
}

static inline void list_insert_between(struct list *node, struct list *prev, struct list *next)
{
    node->prev = prev;
    node->next = next;
    prev->next = node;
    next->prev = node;
}

static inline void list_push_back(struct list *list, struct list *node)
{
    list_insert_between(node, list->prev, list);
}

static inline void list_push_front(struct list *list, struct list *node)
{
    list_insert_between(node, list, list->next);
}

static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* The first node, taken off, or NULL. */
static inline struct list *list_pop_front(struct list *list)
{
    struct list *node = list->next;

    if (node == list)
        return NULL;
    list_remove(node);
    return node;
}

#define LIST_ENTRY(node, type, member) CONTAINER_OF(node, type, member)

/* A type and a name that is declared can't stand in parentheses.
 * NOLINTBEGIN(bugprone-macro-parentheses) */

/* Walk; `it` is a `type *`.  The body must not remove `it`: use the _SAFE form for that. */
#define LIST_FOREACH(it, list, type, member)                                                       \
    for (type *it = LIST_ENTRY((list)->next, type, member); &it->member != (list);                 \
         it = LIST_ENTRY(it->member.next, type, member))

#define LIST_FOREACH_SAFE(it, list, type, member)                                                  \
    for (type *it = LIST_ENTRY((list)->next, type, member),                                        \
              *it##_next = LIST_ENTRY(it->member.next, type, member);                              \
         &it->member != (list);                                                                    \
         it = it##_next, it##_next = LIST_ENTRY(it##_next->member.next, type, member))

/* NOLINTEND(bugprone-macro-parentheses) */
