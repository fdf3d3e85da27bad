/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/half_record.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/list.h"
#include "transport/buffer.h"
#include "transport/connection_internal.h"
#include "transport/loop.h"
#include "transport/record.h"
#include "transport/send_queue.h"
#include "transport/stream.h"
#include "transport/transport_internal.h"
#include "transport/turn.h"

enum {
    TICK_BATCH = 64, /* connections examined per lock acquisition */
};

void half_records_init(struct half_records *records)
{
    CHECK(pthread_mutex_init(&records->lock, NULL) == 0);
    list_init(&records->list);
    for (unsigned i = 0; i < TURN_ADDRESSES; i++)
        list_init(&records->addresses[i].list);
}

void half_records_fini(struct half_records *records)
{
    CHECK(list_empty(&records->list));
    pthread_mutex_destroy(&records->lock);
}

/* ---- the lists, with the lock held ---- */

static void sums_change_locked(struct half_records *records, size_t bytes, size_t count)
{
    atomic_fetch_add_explicit(&records->bytes, bytes, memory_order_relaxed);
    atomic_fetch_add_explicit(&records->count, (uint32_t)count, memory_order_relaxed);
}

static void remove_locked(struct half_records *records, struct connection *conn)
{
    struct half_record *half = &conn->half;

    if (list_empty(&half->link))
        return;
    list_remove(&half->link);
    list_remove(&half->address_link);
    records->addresses[conn->turn.address].bytes -= half->bytes;
    sums_change_locked(records, 0 - half->bytes, (size_t)-1);
    half->bytes = 0;
}

static void add_locked(struct half_records *records, struct connection *conn, size_t bytes)
{
    struct half_address *address = &records->addresses[conn->turn.address];

    remove_locked(records, conn);
    conn->half.bytes = bytes;
    list_push_back(&records->list, &conn->half.link);
    list_push_back(&address->list, &conn->half.address_link);
    address->bytes += bytes;
    sums_change_locked(records, bytes, 1);
}

static struct connection *oldest_locked(const struct half_records *records)
{
    if (list_empty(&records->list))
        return NULL;
    return LIST_ENTRY(records->list.next, struct connection, half.link);
}

static struct connection *oldest_of_locked(const struct half_address *address,
                                           const struct connection *spare)
{
    LIST_FOREACH (conn, &address->list, struct connection, half.address_link) {
        if (conn != spare)
            return conn;
    }
    return NULL;
}

static struct connection *victim_locked(const struct half_records *records,
                                        const struct connection *spare)
{
    struct connection *victim = NULL;
    size_t most = 0;

    for (unsigned i = 0; i < TURN_ADDRESSES; i++) {
        const struct half_address *address = &records->addresses[i];
        struct connection *conn = oldest_of_locked(address, spare);

        if (!conn || (victim && address->bytes <= most))
            continue;
        victim = conn;
        most = address->bytes;
    }
    return victim;
}

/* ---- for the loop's owner ---- */

static size_t loop_share(const struct loop *loop)
{
    struct transport *transport = loop->transport;

    return transport_limit_bytes(transport, TRANSPORT_LIMIT_half_record_mib) /
           transport->loop_count;
}

void half_record_forget(struct loop *loop, struct connection *conn)
{
    if (!conn->half.noted)
        return;
    conn->half.noted = false;
    pthread_mutex_lock(&loop->half_records.lock);
    remove_locked(&loop->half_records, conn);
    pthread_mutex_unlock(&loop->half_records.lock);
}

bool half_record_evict(struct loop *loop, const struct connection *spare)
{
    struct half_records *records = &loop->half_records;
    struct connection *conn;

    pthread_mutex_lock(&records->lock);
    conn = victim_locked(records, spare);
    if (conn)
        remove_locked(records, conn);
    pthread_mutex_unlock(&records->lock);
    if (!conn)
        return false;
    /* Safe without a reference: only the loop's owner, this thread, leaves the connection or uses
     * its reader. */
    record_reset(&conn->reader);
    connection_cut(conn, TRANSPORT_COUNTER_half_records_evicted, "transport.half_record_evicted");
    return true;
}

/* What has come of an incomplete TLS record.  In the handshake that has a timer of its own. */
static size_t sealed_used(const struct connection *conn)
{
    return stream_is_open(conn) ? tls_session_record_used(stream_tls(conn)->session) : 0;
}

void half_record_note(struct loop *loop, struct connection *conn)
{
    struct half_records *records = &loop->half_records;
    const struct record_reader *reader = &conn->reader;
    struct half_record *half = &conn->half;
    size_t sealed = sealed_used(conn);

    if ((!record_is_half(reader) && sealed == 0) || connection_is_dead(conn)) {
        half_record_forget(loop, conn);
        return;
    }
    pthread_mutex_lock(&records->lock);
    if (!half->noted)
        half->begun_ns = transport_now_ns(loop->transport);
    half->noted = true;
    half->used = reader->used + (uint32_t)sealed;
    add_locked(records, conn,
               (reader->buffer ? reader->buffer->size : 0) +
                   (sealed > 0 ? TLS_RECORD_BYTES + TLS_RECORD_EXTRA_BYTES : 0));
    pthread_mutex_unlock(&records->lock);
    while (atomic_load_explicit(&records->bytes, memory_order_relaxed) > loop_share(loop) &&
           half_record_evict(loop, conn))
        continue;
}

/* ---- for the timer ---- */

/* A client that does not read its replies is not read from either; unsent.c handles it. */
static bool late_locked(struct connection *conn, int64_t now_ns, int64_t timeout_s)
{
    int64_t more_s = conn->half.used / LIMIT_RECORD_RATE_BYTES;

    return now_ns - conn->half.begun_ns > (timeout_s + more_s) * NSEC_PER_SEC &&
           send_queue_bytes(&conn->queue) == 0;
}

/* Examine up to `left` connections.  Returns a reference to the first that is late, off the
 * list. */
static struct connection *late_next(struct loop *loop, int64_t timeout_s, uint32_t *left)
{
    struct half_records *records = &loop->half_records;
    int64_t now_ns = transport_now_ns(loop->transport);
    struct connection *late = NULL;

    pthread_mutex_lock(&records->lock);
    for (int i = 0; i<TICK_BATCH && * left> 0 && !late; i++, --*left) {
        struct connection *conn = oldest_locked(records);

        if (!conn) {
            *left = 0;
            break;
        }
        if (late_locked(conn, now_ns, timeout_s)) {
            remove_locked(records, conn);
            late = connection_get(conn);
        } else {
            list_remove(&conn->half.link);
            list_push_back(&records->list, &conn->half.link);
        }
    }
    pthread_mutex_unlock(&records->lock);
    return late;
}

void half_records_tick(struct transport *transport, struct loop *loop)
{
    uint32_t timeout_s = transport_limit(transport, TRANSPORT_LIMIT_record_timeout_s);
    uint32_t left = atomic_load_explicit(&loop->half_records.count, memory_order_relaxed);

    while (timeout_s > 0 && left > 0) {
        struct connection *conn = late_next(loop, timeout_s, &left);

        if (!conn)
            continue;
        connection_cut(conn, TRANSPORT_COUNTER_half_records_late, "transport.half_record_late");
        connection_put(conn);
    }
}
