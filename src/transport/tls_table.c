/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/tls_table.h"

#include "base/limits.h"
#include "tls/tls_context.h"
#include "transport/peer_table.h"
#include "transport/stream.h"

enum {
    VICTIM_LOOKS = 64, /* at the handshakes that began first, for one to end */
};

void tls_table_init(struct tls_table *table, uint32_t shaking_max)
{
    table->shaking_max = shaking_max ? shaking_max : LIMIT_TLS_HANDSHAKES;
    CHECK(pthread_mutex_init(&table->lock, NULL) == 0);
    list_init(&table->shaking);
    list_init(&table->open);
}

void tls_table_fini(struct tls_table *table)
{
    CHECK(list_empty(&table->shaking) && list_empty(&table->open));
    tls_context_put(table->context);
    pthread_mutex_destroy(&table->lock);
}

struct tls_context *tls_table_context(struct tls_table *table)
{
    struct tls_context *context;

    pthread_mutex_lock(&table->lock);
    context = table->context ? tls_context_get(table->context) : NULL;
    pthread_mutex_unlock(&table->lock);
    return context;
}

bool tls_table_replace(struct tls_table *table, struct tls_context *context)
{
    struct tls_context *old;
    bool late;

    pthread_mutex_lock(&table->lock);
    old = table->context;
    late = context && old && tls_context_is_before(context, old);
    if (!late) {
        table->context = context;
        table->generation++;
    }
    pthread_mutex_unlock(&table->lock);
    tls_context_put(late ? context : old);
    return !late;
}

/* Only connections that were accepted have handshakes: they count for an address until they are
 * closed, which is after they have left. */
static struct peer_handshakes *address_of(const struct tls_stream *tls)
{
    return peer_handshakes(tls->conn->counted);
}

static void leave_locked(struct tls_table *table, struct tls_stream *tls)
{
    if (list_empty(&tls->link))
        return;
    list_remove(&tls->link);
    if (stream_state(tls) == STREAM_OPEN)
        return;
    table->shaking_count--;
    list_remove(&tls->address_link);
    address_of(tls)->count--;
}

/* It leaves.  Returns a reference. */
static struct connection *take_locked(struct tls_table *table, struct tls_stream *tls)
{
    leave_locked(table, tls);
    connection_hold(tls->conn);
    return tls->conn;
}

/* Of those that began first: the first of the address that has the most. */
static struct tls_stream *victim_locked(const struct tls_table *table)
{
    struct tls_stream *victim = NULL;
    unsigned looks = 0;

    LIST_FOREACH (tls, &table->shaking, struct tls_stream, link) {
        if (!victim || address_of(tls)->count > address_of(victim)->count)
            victim = tls;
        if (++looks == VICTIM_LOOKS)
            break;
    }
    return victim;
}

static struct connection *displace_locked(struct tls_table *table,
                                          const struct peer_handshakes *address, bool *crowded)
{
    *crowded = address->count >= LIMIT_TLS_HANDSHAKES_PER_ADDRESS;
    if (*crowded)
        return take_locked(table, LIST_ENTRY(address->list.next, struct tls_stream, address_link));
    if (table->shaking_count >= table->shaking_max)
        return take_locked(table, victim_locked(table));
    return NULL;
}

struct connection *tls_table_enter(struct tls_table *table, struct tls_stream *tls, int64_t now_ns,
                                   bool *crowded)
{
    struct peer_handshakes *address = address_of(tls);
    struct connection *victim;

    pthread_mutex_lock(&table->lock);
    victim = displace_locked(table, address, crowded);
    tls->begun_ns = now_ns;
    tls->generation = table->context == tls->context ? table->generation : 0;
    list_push_back(&table->shaking, &tls->link);
    table->shaking_count++;
    list_push_back(&address->list, &tls->address_link);
    address->count++;
    pthread_mutex_unlock(&table->lock);
    return victim;
}

bool tls_table_open(struct tls_table *table, struct tls_stream *tls)
{
    bool current;

    pthread_mutex_lock(&table->lock);
    leave_locked(table, tls);
    atomic_store_explicit(&tls->state, STREAM_OPEN, memory_order_release);
    current = tls->generation == table->generation;
    if (current)
        list_push_back(&table->open, &tls->link);
    else
        list_push_front(&table->open, &tls->link);
    pthread_mutex_unlock(&table->lock);
    return current;
}

void tls_table_leave(struct tls_table *table, struct tls_stream *tls)
{
    pthread_mutex_lock(&table->lock);
    leave_locked(table, tls);
    pthread_mutex_unlock(&table->lock);
}

struct connection *tls_table_late(struct tls_table *table, int64_t before_ns)
{
    struct connection *conn = NULL;

    pthread_mutex_lock(&table->lock);
    if (!list_empty(&table->shaking)) {
        struct tls_stream *tls = LIST_ENTRY(table->shaking.next, struct tls_stream, link);

        if (tls->begun_ns < before_ns)
            conn = take_locked(table, tls);
    }
    pthread_mutex_unlock(&table->lock);
    return conn;
}

unsigned tls_table_starting(struct tls_table *table, struct connection **found, unsigned max)
{
    unsigned count = 0;

    pthread_mutex_lock(&table->lock);
    LIST_FOREACH (tls, &table->shaking, struct tls_stream, link) {
        if (count == max)
            break;
        if (stream_state(tls) != STREAM_STARTING)
            continue;
        connection_hold(tls->conn);
        found[count++] = tls->conn;
    }
    pthread_mutex_unlock(&table->lock);
    return count;
}

struct connection *tls_table_unverified(struct tls_table *table, struct tls_context **context)
{
    struct connection *conn = NULL;

    pthread_mutex_lock(&table->lock);
    if (!list_empty(&table->open) && table->context) {
        struct tls_stream *tls = LIST_ENTRY(table->open.next, struct tls_stream, link);

        if (tls->generation != table->generation) {
            list_remove(&tls->link);
            list_push_back(&table->open, &tls->link);
            tls->generation = table->generation;
            *context = tls_context_get(table->context);
            conn = tls->conn;
            connection_hold(conn);
        }
    }
    pthread_mutex_unlock(&table->lock);
    return conn;
}

uint32_t tls_table_shaking(struct tls_table *table)
{
    uint32_t count;

    pthread_mutex_lock(&table->lock);
    count = table->shaking_count;
    pthread_mutex_unlock(&table->lock);
    return count;
}
