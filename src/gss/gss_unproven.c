/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_unproven.h"

#include "base/limits.h"
#include "base/memory.h"
#include "gss/gss_context_internal.h"

struct gss_unproven_address {
    struct hnode node;
    uint64_t address;
    struct list contexts; /* gss_context.at_address, the oldest first */
    uint32_t count;
};

static void enter(struct gss_unproven *unproven)
{
    CHECK(pthread_mutex_lock(&unproven->lock) == 0);
}

static void leave(struct gss_unproven *unproven)
{
    CHECK(pthread_mutex_unlock(&unproven->lock) == 0);
}

void gss_unproven_init(struct gss_unproven *unproven)
{
    CHECK(pthread_mutex_init(&unproven->lock, NULL) == 0);
    list_init(&unproven->all);
    htable_init(&unproven->addresses, 0);
    unproven->count = 0;
}

/* Take it out; its reference is the caller's now. */
static void take_locked(struct gss_unproven *unproven, struct gss_context *context)
{
    struct gss_unproven_address *address = context->address;

    list_remove(&context->waiting);
    list_remove(&context->at_address);
    context->address = NULL;
    unproven->count--;
    if (--address->count == 0) {
        htable_remove(&unproven->addresses, &address->node);
        memory_free(MEMORY_security, address);
    }
}

static struct gss_unproven_address *address_get_locked(struct gss_unproven *unproven, uint64_t key)
{
    uint64_t hash = hash_u64(key);
    struct gss_unproven_address *address;

    for (struct hnode *node = htable_first(&unproven->addresses, hash); node;
         node = htable_next(node)) {
        address = CONTAINER_OF(node, struct gss_unproven_address, node);
        if (address->address == key)
            return address;
    }
    address = memory_zalloc(MEMORY_security, sizeof(*address));
    if (!address)
        return NULL;
    address->address = key;
    list_init(&address->contexts);
    htable_insert(&unproven->addresses, &address->node, hash);
    return address;
}

bool gss_unproven_add(struct gss_unproven *unproven, struct gss_context *context, uint64_t address,
                      struct gss_context **surplus)
{
    struct gss_unproven_address *at;

    *surplus = NULL;
    enter(unproven);
    at = address_get_locked(unproven, address);
    if (at) {
        if (at->count >= LIMIT_GSS_UNPROVEN_PER_ADDRESS)
            *surplus = LIST_ENTRY(at->contexts.next, struct gss_context, at_address);
        context->address = at;
        at->count++;
        unproven->count++;
        list_push_back(&at->contexts, &context->at_address);
        list_push_back(&unproven->all, &gss_context_get(context)->waiting);
        if (*surplus)
            take_locked(unproven, *surplus);
    }
    leave(unproven);
    return at;
}

void gss_unproven_remove(struct gss_unproven *unproven, struct gss_context *context)
{
    bool taken;

    enter(unproven);
    taken = context->address;
    if (taken)
        take_locked(unproven, context);
    leave(unproven);
    if (taken)
        gss_context_put(context);
}

struct gss_context *gss_unproven_take_oldest(struct gss_unproven *unproven, int64_t before_ns)
{
    struct gss_context *oldest = NULL;

    enter(unproven);
    if (!list_empty(&unproven->all)) {
        oldest = LIST_ENTRY(unproven->all.next, struct gss_context, waiting);
        if (oldest->made_ns < before_ns)
            take_locked(unproven, oldest);
        else
            oldest = NULL;
    }
    leave(unproven);
    return oldest;
}

uint32_t gss_unproven_count(struct gss_unproven *unproven)
{
    uint32_t count;

    enter(unproven);
    count = unproven->count;
    leave(unproven);
    return count;
}

void gss_unproven_fini(struct gss_unproven *unproven)
{
    struct gss_context *context;

    while ((context = gss_unproven_take_oldest(unproven, INT64_MAX)))
        gss_context_put(context);
    htable_fini(&unproven->addresses);
    (void)pthread_mutex_destroy(&unproven->lock);
}
