/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection of a path: when it is dialled, how it is established and lost.
 *
 *     (none) --transport_dial()--> connecting --connected--> up --closed--> (none)
 *
 * Hooks may run before transport_dial() returns, and the path may have dropped the link by then.
 * So each hook checks whether path->link is still its link.
 */
#include "callback/dial_link.h"

#include "base/clock.h"
#include "base/memory.h"
#include "callback/dial_out_internal.h"
#include "callback/dial_path.h"
#include "callback/dial_path_log.h"
#include "transport/dial.h"

static void link_put(struct dial_link *link)
{
    if (atomic_fetch_sub_explicit(&link->refs, 1, memory_order_acq_rel) != 1)
        return;
    CHECK(!link->conn);
    dial_path_put(link->path);
    memory_free(MEMORY_callbacks, link);
}

struct connection *dial_link_conn_locked(struct dial_link *link)
{
    return link && link->conn ? connection_get(link->conn) : NULL;
}

void dial_conn_end(struct connection *conn)
{
    if (!conn)
        return;
    connection_shutdown(conn);
    connection_put(conn);
}

/* ---- when to dial ---- */

bool dial_link_gave_up_locked(const struct dial_path *path)
{
    return path->attempts >= path->out->config.attempts;
}

/* Has the interval since the last dial passed? */
static bool interval_passed_locked(const struct dial_path *path, int64_t now_ns)
{
    const struct dial_out_config *config = &path->out->config;
    uint64_t interval_ms = config->backoff_ms;

    for (uint32_t i = 1; i < path->attempts && interval_ms < config->backoff_max_ms; i++)
        interval_ms *= 2;
    if (interval_ms > config->backoff_max_ms)
        interval_ms = config->backoff_max_ms;
    return path->last_dial_ns == 0 ||
           now_ns - path->last_dial_ns >= (int64_t)interval_ms * NSEC_PER_MSEC;
}

/* May another dial begin in this second?  Repeated dials get only half of the rate, so that they
 * can't keep out new ones. */
static bool rate_take(struct dial_out *out, bool again, int64_t now_ns)
{
    uint32_t most = again ? (out->config.dials_per_s + 1) / 2 : out->config.dials_per_s;
    int64_t second = now_ns / NSEC_PER_SEC;
    bool taken;

    pthread_mutex_lock(&out->lock);
    if (second != out->rate_second) {
        out->rate_second = second;
        out->rate_used = 0;
    }
    taken = !out->stopped && out->rate_used < most;
    if (taken)
        out->rate_used++;
    pthread_mutex_unlock(&out->lock);
    return taken;
}

static bool dial_due_locked(const struct dial_path *path, int64_t now_ns)
{
    bool reason =
        !list_empty(&path->queue) || (path->probe_wanted && !dial_link_gave_up_locked(path));

    return reason && !path->closed && !path->link && interval_passed_locked(path, now_ns);
}

/* ---- the end of a link ---- */

/* The link has ended: its connection is closed, or was never begun. */
static void link_over(struct dial_link *link, int error)
{
    struct dial_path *path = link->path;
    struct dial_path_log entry = {0};
    struct connection *conn;

    pthread_mutex_lock(&path->lock);
    conn = link->conn;
    link->conn = NULL;
    if (path->link == link) {
        path->link = NULL;
        dial_path_requeue_locked(path);
        if (!link->up)
            dial_path_log_down_locked(path, link->late ? "timeout" : "connect", error, &entry);
        else if (!link->answered)
            dial_path_log_down_locked(path, "closed", 0, &entry);
        dial_path_active_locked(path, dial_path_waits_locked(path));
    }
    pthread_mutex_unlock(&path->lock);
    if (conn)
        connection_put(conn);
    dial_path_log_write(path, &entry);
}

/* ---- hooks of the transport ---- */

static void hook_connected(struct connection *conn, void *arg)
{
    struct dial_link *link = arg;
    struct dial_path *path = link->path;
    bool wanted;

    pthread_mutex_lock(&path->lock);
    wanted = path->link == link;
    if (wanted && !link->conn)
        link->conn = connection_get(conn);
    link->up = wanted;
    if (wanted)
        dial_path_probe_queue_locked(path, clock_now_ns());
    pthread_mutex_unlock(&path->lock);
    if (wanted)
        dial_path_send(path);
    else
        connection_shutdown(conn);
}

static void hook_closed(struct connection *conn, int error, void *arg)
{
    struct dial_link *link = arg;

    (void)conn;
    link_over(link, error);
    link_put(link);
}

const struct dial_hooks dial_link_hooks = {.connected = hook_connected, .closed = hook_closed};

/* ---- dialling ---- */

/* NULL without memory: the tick tries again, as after a failed dial. */
static struct dial_link *link_begin_locked(struct dial_path *path, int64_t now_ns)
{
    struct dial_link *link = memory_zalloc(MEMORY_callbacks, sizeof(*link));

    path->last_dial_ns = now_ns;
    dial_path_active_locked(path, true);
    if (!link)
        return NULL;
    atomic_init(&link->refs, 2);
    link->path = dial_path_get(path);
    link->begun_ns = now_ns;
    path->link = link;
    path->attempts++;
    return link;
}

/* transport_dial() returned a connection; its hooks may have run already. */
static void link_found(struct dial_link *link, struct connection *conn)
{
    struct dial_path *path = link->path;
    bool wanted;

    pthread_mutex_lock(&path->lock);
    wanted = path->link == link;
    if (wanted && !link->conn) {
        link->conn = conn;
        conn = NULL;
    }
    pthread_mutex_unlock(&path->lock);
    if (conn && !wanted)
        connection_shutdown(conn);
    if (conn)
        connection_put(conn);
}

void dial_link_make(struct dial_path *path, int64_t now_ns)
{
    const union netaddr *address = &path->target.address;
    struct dial_out *out = path->out;
    struct dial_link *link = NULL;
    struct connection *conn;
    int error;

    pthread_mutex_lock(&path->lock);
    if (dial_due_locked(path, now_ns) && rate_take(out, path->attempts > 0, now_ns))
        link = link_begin_locked(path, now_ns);
    pthread_mutex_unlock(&path->lock);
    if (!link)
        return;
    dial_out_count(out, DIAL_OUT_COUNTER_dials);
    error = transport_dial(out->transport, &address->sa, netaddr_len(address), &dial_link_hooks,
                           link, &conn);
    if (error) {
        link_over(link, -error);
        link_put(link);
    } else {
        link_found(link, conn);
    }
    link_put(link);
}
