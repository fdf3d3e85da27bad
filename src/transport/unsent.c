/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/unsent.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/list.h"
#include "transport/connection_internal.h"
#include "transport/send_queue.h"
#include "transport/transport_internal.h"

void unsent_init(struct unsent *unsent)
{
    CHECK(pthread_mutex_init(&unsent->lock, NULL) == 0);
    list_init(&unsent->list);
}

void unsent_fini(struct unsent *unsent)
{
    CHECK(list_empty(&unsent->list) && unsent->bytes == 0);
    pthread_mutex_destroy(&unsent->lock);
}

void unsent_blocked(struct connection *conn, bool progress)
{
    struct unsent *unsent = &conn->transport->unsent;
    struct blocked *blocked = &conn->blocked;

    pthread_mutex_lock(&unsent->lock);
    if (progress || list_empty(&blocked->link)) {
        blocked->since_ns = transport_now_ns(conn->transport);
        list_remove(&blocked->link);
        list_push_back(&unsent->list, &blocked->link);
    }
    pthread_mutex_unlock(&unsent->lock);
}

void unsent_done(struct connection *conn)
{
    struct unsent *unsent = &conn->transport->unsent;

    pthread_mutex_lock(&unsent->lock);
    list_remove(&conn->blocked.link);
    pthread_mutex_unlock(&unsent->lock);
}

void unsent_count(struct transport *transport, ptrdiff_t bytes)
{
    atomic_fetch_add_explicit(&transport->unsent.bytes, (size_t)bytes, memory_order_relaxed);
}

/* The connection without progress for the longest time, if that began before `before_ns`.  Takes it
 * off the list and pins it, so that its socket can be shut down. */
static struct connection *blocked_take(struct unsent *unsent, int64_t before_ns)
{
    struct connection *taken = NULL;

    pthread_mutex_lock(&unsent->lock);
    while (!taken && !list_empty(&unsent->list)) {
        struct connection *conn = LIST_ENTRY(unsent->list.next, struct connection, blocked.link);

        if (conn->blocked.since_ns >= before_ns)
            break;
        list_remove(&conn->blocked.link);
        if (connection_try_pin(conn))
            taken = conn;
    }
    pthread_mutex_unlock(&unsent->lock);
    return taken;
}

void unsent_enforce(struct transport *transport)
{
    size_t limit = transport_limit_bytes(transport, TRANSPORT_LIMIT_unsent_mib);
    size_t bytes = atomic_load_explicit(&transport->unsent.bytes, memory_order_relaxed);

    while (bytes > limit) {
        struct connection *conn = blocked_take(&transport->unsent, INT64_MAX);
        size_t queued;

        if (!conn)
            return;
        /* Its queue is freed when its loop notices. */
        queued = send_queue_bytes(&conn->queue);
        bytes -= queued < bytes ? queued : bytes;
        connection_cut(conn, TRANSPORT_COUNTER_unsent_evicted, "transport.unsent_evicted");
        connection_unpin(conn);
    }
}

void unsent_tick(struct transport *transport)
{
    uint32_t timeout_s = transport_limit(transport, TRANSPORT_LIMIT_send_timeout_s);
    int64_t before_ns = transport_now_ns(transport) - timeout_s * NSEC_PER_SEC;
    struct connection *conn;

    while (timeout_s > 0 && (conn = blocked_take(&transport->unsent, before_ns))) {
        connection_cut(conn, TRANSPORT_COUNTER_unsent_late, "transport.unsent_late");
        connection_unpin(conn);
    }
}
