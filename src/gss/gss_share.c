/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_share.h"

#include "base/memory.h"
#include "gss/gss_context_internal.h"

struct gss_share_holder {
    struct hnode node;    /* its hash is the principal's ID */
    struct list in_class; /* gss_share.classes */
    struct list contexts; /* gss_context.at_holder: who was used longest ago is in front */
    uint32_t count;
};

static void enter(struct gss_share *share)
{
    CHECK(pthread_mutex_lock(&share->lock) == 0);
}

static void leave(struct gss_share *share)
{
    CHECK(pthread_mutex_unlock(&share->lock) == 0);
}

void gss_share_init(struct gss_share *share)
{
    CHECK(pthread_mutex_init(&share->lock, NULL) == 0);
    htable_init(&share->holders, 0);
    for (unsigned i = 0; i < GSS_SHARE_CLASSES; i++)
        list_init(&share->classes[i]);
}

/* `count` is not 0. */
static unsigned class_of(uint32_t count)
{
    unsigned class = 31 - (unsigned)__builtin_clz(count);

    return class < GSS_SHARE_CLASSES ? class : GSS_SHARE_CLASSES - 1;
}

/* Its count has changed, and is not 0. */
static void classify_locked(struct gss_share *share, struct gss_share_holder *holder)
{
    list_remove(&holder->in_class);
    list_push_back(&share->classes[class_of(holder->count)], &holder->in_class);
}

static struct gss_share_holder *holder_get_locked(struct gss_share *share, uint64_t id)
{
    struct hnode *node = htable_first(&share->holders, id);
    struct gss_share_holder *holder;

    if (node)
        return CONTAINER_OF(node, struct gss_share_holder, node);
    holder = memory_zalloc(MEMORY_security, sizeof(*holder));
    if (!holder)
        return NULL;
    list_init(&holder->in_class);
    list_init(&holder->contexts);
    htable_insert(&share->holders, &holder->node, id);
    return holder;
}

/* Take it out; its reference is the caller's now. */
static void take_locked(struct gss_share *share, struct gss_context *context)
{
    struct gss_share_holder *holder = context->holder;

    list_remove(&context->at_holder);
    context->holder = NULL;
    if (--holder->count > 0) {
        classify_locked(share, holder);
        return;
    }
    list_remove(&holder->in_class);
    htable_remove(&share->holders, &holder->node);
    memory_free(MEMORY_security, holder);
}

void gss_share_add(struct gss_share *share, struct gss_context *context)
{
    const struct gss_principal *principal = gss_context_principal(context);
    struct gss_share_holder *holder;

    if (!principal)
        return;
    enter(share);
    holder = context->holder ? NULL : holder_get_locked(share, principal->id);
    if (holder) {
        context->holder = holder;
        list_push_back(&holder->contexts, &gss_context_get(context)->at_holder);
        holder->count++;
        classify_locked(share, holder);
    }
    leave(share);
}

void gss_share_touch(struct gss_share *share, struct gss_context *context)
{
    enter(share);
    if (context->holder) {
        list_remove(&context->at_holder);
        list_push_back(&context->holder->contexts, &context->at_holder);
    }
    leave(share);
}

void gss_share_remove(struct gss_share *share, struct gss_context *context)
{
    bool taken;

    enter(share);
    taken = context->holder;
    if (taken)
        take_locked(share, context);
    leave(share);
    if (taken)
        gss_context_put(context);
}

/* One with more than so many contexts, of those in the highest class; NULL: there is none. */
static struct gss_share_holder *large_locked(struct gss_share *share, uint32_t contexts)
{
    unsigned class = GSS_SHARE_CLASSES - 1, least = class_of(contexts);
    struct list *list;

    while (class > least && list_empty(&share->classes[class]))
        class --;
    list = &share->classes[class];
    for (struct list *at = list->next; at != list; at = at->next) {
        struct gss_share_holder *holder = LIST_ENTRY(at, struct gss_share_holder, in_class);

        if (holder->count > contexts)
            return holder;
    }
    return NULL;
}

struct gss_context *gss_share_take_surplus(struct gss_share *share, uint32_t contexts)
{
    struct gss_context *context = NULL;
    struct gss_share_holder *holder;

    enter(share);
    holder = large_locked(share, contexts);
    if (holder) {
        context = LIST_ENTRY(holder->contexts.next, struct gss_context, at_holder);
        take_locked(share, context);
    }
    leave(share);
    return context;
}

static bool empty_holder(struct hnode *node, void *arg)
{
    struct gss_share_holder *holder = CONTAINER_OF(node, struct gss_share_holder, node);
    struct gss_share *share = arg;

    for (uint32_t left = holder->count; left > 0; left--) {
        struct gss_context *context =
            LIST_ENTRY(holder->contexts.next, struct gss_context, at_holder);

        take_locked(share, context); /* the last one takes the holder along */
        gss_context_put(context);
    }
    return true;
}

void gss_share_fini(struct gss_share *share)
{
    htable_visit(&share->holders, empty_holder, share);
    htable_fini(&share->holders);
    (void)pthread_mutex_destroy(&share->lock);
}
