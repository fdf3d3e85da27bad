/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/idle.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/list.h"
#include "transport/connection_internal.h"
#include "transport/loop.h"
#include "transport/peer_table.h"
#include "transport/transport_internal.h"

enum {
    TICK_BATCH = 64, /* connections examined per lock acquisition */
};

void idle_watch_locked(struct loop *loop, struct connection *conn)
{
    list_push_back(&loop->without_client, &conn->idle_link);
}

void idle_forget_locked(struct connection *conn)
{
    list_remove(&conn->idle_link);
}

/* Examine some connections.  Returns a reference to the one whose address has the most connections,
 * provided that these are more than *most, and raises *most to their number. */
static struct connection *crowded_of(struct loop *loop, uint32_t *most)
{
    struct connection *found = NULL;

    pthread_mutex_lock(&loop->list_lock);
    for (int i = 0; i < TICK_BATCH; i++) {
        struct list *link = list_pop_front(&loop->without_client);
        struct connection *conn;

        if (!link)
            break;
        conn = LIST_ENTRY(link, struct connection, idle_link);
        if (atomic_load_explicit(&conn->serves_client, memory_order_relaxed))
            continue;
        list_push_back(&loop->without_client, &conn->idle_link);
        if (peer_connections(conn->counted) <= *most)
            continue;
        *most = peer_connections(conn->counted);
        found = conn;
    }
    if (found)
        connection_get(found);
    pthread_mutex_unlock(&loop->list_lock);
    return found;
}

bool idle_displace(struct transport *transport, const struct sockaddr *peer)
{
    uint32_t most = peer_table_connections(&transport->peers, peer) + 1;
    struct connection *victim = NULL;

    for (unsigned i = 0; i < transport->loop_count; i++) {
        struct connection *found = crowded_of(&transport->loops[i], &most);

        if (!found)
            continue;
        if (victim)
            connection_put(victim);
        victim = found;
    }
    if (!victim)
        return false;
    pthread_mutex_lock(&victim->loop->list_lock);
    idle_forget_locked(victim);
    pthread_mutex_unlock(&victim->loop->list_lock);
    connection_cut(victim, TRANSPORT_COUNTER_displaced, "transport.displaced");
    connection_put(victim);
    return true;
}

static int64_t due_ns(const struct connection *conn, int64_t timeout_ns)
{
    return connection_activity_ns(conn) + timeout_ns;
}

/* Examine up to `left` connections.  Returns a reference to the first that is idle, off the
 * list. */
static struct connection *idle_next(struct loop *loop, int64_t now_ns, int64_t timeout_ns,
                                    uint32_t *left)
{
    struct connection *idle = NULL;

    pthread_mutex_lock(&loop->list_lock);
    for (int i = 0; i<TICK_BATCH && * left> 0 && !idle; i++, --*left) {
        struct list *link = list_pop_front(&loop->without_client);
        struct connection *conn;

        if (!link) {
            *left = 0;
            break;
        }
        conn = LIST_ENTRY(link, struct connection, idle_link);
        if (atomic_load_explicit(&conn->serves_client, memory_order_relaxed))
            continue;
        if (due_ns(conn, timeout_ns) <= now_ns)
            idle = connection_get(conn);
        else
            list_push_back(&loop->without_client, &conn->idle_link);
    }
    pthread_mutex_unlock(&loop->list_lock);
    return idle;
}

void idle_tick(struct transport *transport, struct loop *loop, int64_t now_ns)
{
    uint32_t timeout_s = transport_limit(transport, TRANSPORT_LIMIT_idle_timeout_s);
    uint32_t left = atomic_load_explicit(&loop->connection_count, memory_order_relaxed);

    while (timeout_s > 0 && left > 0) {
        struct connection *conn = idle_next(loop, now_ns, timeout_s * NSEC_PER_SEC, &left);

        if (!conn)
            continue;
        connection_cut(conn, TRANSPORT_COUNTER_idle_closed, "transport.idle");
        connection_put(conn);
    }
}
