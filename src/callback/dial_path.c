/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One client's path: its calls, its connection, and what is known about it.
 *
 * A call stands in `queue`, then in `sent` until its answer comes; when the connection is lost it goes
 * back.  Who finds something to be done decides with the lock and acts without it: dialling,
 * sending, ending calls and logging.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "callback/dial_internal.h"
#include "transport/address.h"
#include "transport/dial.h"

/* ---- what is known ---- */

/* A change that is still to be told. */
struct news {
    enum dial_path_state state; /* DIAL_PATH_NONE: there are none */
    const char *why;
    int error;
};

static void state_set_locked(struct dial_path *path, enum dial_path_state state, const char *why,
                             int error, struct news *news)
{
    if (atomic_load_explicit(&path->state, memory_order_relaxed) == (uint32_t)state)
        return;
    atomic_store_explicit(&path->state, state, memory_order_relaxed);
    *news = (struct news){.state = state, .why = why, .error = error};
}

/* It does not answer: look again, a few times. */
static void down_locked(struct dial_path *path, const char *why, int error, struct news *news)
{
    path->probe_wanted = true;
    state_set_locked(path, DIAL_PATH_DOWN, why, error, news);
}

static void news_tell(struct dial_path *path, const struct news *news)
{
    char peer[ADDRESS_TEXT_BYTES];

    if (news->state == DIAL_PATH_NONE || !log_enabled(LOG_LEVEL_INFO) ||
        !log_limit_take(&path->out->log_limit, clock_now_ns(), LIMIT_LOG_CALLBACKS_PER_S))
        return;
    address_format(&path->target.address.sa, peer, sizeof(peer));
    if (news->state == DIAL_PATH_UP)
        log_info("callback.up", LOG_ID("client", path->clientid), LOG_STR("peer", peer));
    else
        log_info("callback.down", LOG_ID("client", path->clientid), LOG_STR("peer", peer),
                 LOG_STR("why", news->why), LOG_I64("errno", news->error));
}

/* ---- life ---- */

struct dial_path *dial_path_create(struct dial_out *out, uint64_t clientid,
                                   const struct dial_target *target, int64_t last_dial_ns)
{
    struct dial_path *path = must_calloc(1, sizeof(*path));

    atomic_init(&path->refs, 1);
    path->out = out;
    path->clientid = clientid;
    path->target = *target;
    path->last_dial_ns = last_dial_ns;
    atomic_init(&path->state, DIAL_PATH_UNKNOWN);
    atomic_init(&path->next_xid, randombytes_random());
    list_init(&path->active_link);
    list_init(&path->queue);
    list_init(&path->sent);
    CHECK(pthread_mutex_init(&path->lock, NULL) == 0);
    return path;
}

struct dial_path *dial_path_get(struct dial_path *path)
{
    atomic_fetch_add_explicit(&path->refs, 1, memory_order_relaxed);
    return path;
}

void dial_path_put(struct dial_path *path)
{
    if (atomic_fetch_sub_explicit(&path->refs, 1, memory_order_acq_rel) != 1)
        return;
    CHECK(list_empty(&path->queue) && list_empty(&path->sent) && !path->link);
    pthread_mutex_destroy(&path->lock);
    free(path);
}

static void link_put(struct dial_link *link)
{
    if (atomic_fetch_sub_explicit(&link->refs, 1, memory_order_acq_rel) != 1)
        return;
    CHECK(!link->conn);
    dial_path_put(link->path);
    free(link);
}

/* A reference on the path's connection, so that it can be ended without the lock; NULL: there is none,
 * or the one who dials has not come back with it yet. */
static struct connection *link_conn_locked(struct dial_link *link)
{
    return link && link->conn ? connection_get(link->conn) : NULL;
}

static void conn_end(struct connection *conn)
{
    if (!conn)
        return;
    connection_shutdown(conn);
    connection_put(conn);
}

/* ---- sending ---- */

static struct dial_call *call_next_locked(struct dial_path *path, struct connection **conn)
{
    struct dial_link *link = path->link;
    struct dial_call *call;

    if (!link || !link->up || link->lost || list_empty(&path->queue))
        return NULL;
    call = LIST_ENTRY(list_pop_front(&path->queue), struct dial_call, link);
    list_push_back(&path->sent, &call->link);
    atomic_fetch_add_explicit(&call->refs, 1, memory_order_relaxed);
    *conn = link_conn_locked(link);
    return call;
}

/* One thread at a time sends, so that calls leave in order; it takes what others add meanwhile. */
static void path_send(struct dial_path *path)
{
    struct connection *conn;
    struct dial_call *call;
    bool taken;

    pthread_mutex_lock(&path->lock);
    if (path->sending) {
        pthread_mutex_unlock(&path->lock);
        return;
    }
    path->sending = true;
    while ((call = call_next_locked(path, &conn))) {
        pthread_mutex_unlock(&path->lock);
        taken = connection_send(conn, call->record, call->len);
        if (!taken)
            connection_shutdown(conn);
        dial_call_put(call);
        pthread_mutex_lock(&path->lock);
        if (!taken && path->link && path->link->conn == conn)
            path->link->lost = true;
        pthread_mutex_unlock(&path->lock);
        connection_put(conn);
        pthread_mutex_lock(&path->lock);
    }
    path->sending = false;
    pthread_mutex_unlock(&path->lock);
}

/* There is a connection: the probe goes first. */
static void probe_queue_locked(struct dial_path *path, int64_t now_ns)
{
    struct dial_call *probe;

    if (!path->probe_wanted || !path->link || !path->link->up)
        return;
    path->probe_wanted = false;
    probe = dial_probe_create(&path->target,
                              atomic_fetch_add_explicit(&path->next_xid, 1, memory_order_relaxed));
    probe->deadline_ns = now_ns + path->out->config.timeout_ms * NSEC_PER_MSEC;
    list_push_front(&path->queue, &probe->link);
    dial_out_count(path->out, DIAL_OUT_COUNTER_probes);
    dial_out_active_locked(path, true);
}

/* ---- dialling ---- */

static bool rests_locked(const struct dial_path *path)
{
    return path->attempts >= path->out->config.attempts;
}

/* Has the interval since the last dial passed? */
static bool rested_locked(const struct dial_path *path, int64_t now_ns)
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

static bool dial_due_locked(const struct dial_path *path, int64_t now_ns)
{
    bool reason = !list_empty(&path->queue) || (path->probe_wanted && !rests_locked(path));

    return reason && !path->closed && !path->link && rested_locked(path, now_ns);
}

static struct dial_link *link_begin_locked(struct dial_path *path, int64_t now_ns)
{
    struct dial_link *link = must_calloc(1, sizeof(*link));

    atomic_init(&link->refs, 2);
    link->path = dial_path_get(path);
    link->begun_ns = now_ns;
    path->link = link;
    path->last_dial_ns = now_ns;
    path->attempts++;
    dial_out_active_locked(path, true);
    return link;
}

/* Is there anything that only time brings? */
static bool waits_locked(const struct dial_path *path)
{
    return !list_empty(&path->queue) || !list_empty(&path->sent) ||
           (path->link && !path->link->up) ||
           (path->probe_wanted && !path->link && !rests_locked(path));
}

/* What was sent and not answered is sent again over the next connection, a probe made anew. */
static void calls_back_locked(struct dial_path *path)
{
    while (!list_empty(&path->sent)) {
        struct dial_call *call = LIST_ENTRY(path->sent.prev, struct dial_call, link);

        list_remove(&call->link);
        if (call->done) {
            list_push_front(&path->queue, &call->link);
            dial_out_count(path->out, DIAL_OUT_COUNTER_resent);
        } else {
            path->probe_wanted = true;
            dial_call_put(call);
        }
    }
}

/* The link is no more: its connection is closed or was never begun. */
static void link_over(struct dial_link *link, int error)
{
    struct dial_path *path = link->path;
    struct news news = {0};
    struct connection *conn;

    pthread_mutex_lock(&path->lock);
    conn = link->conn;
    link->conn = NULL;
    if (path->link == link) {
        path->link = NULL;
        calls_back_locked(path);
        if (!link->up)
            down_locked(path, link->late ? "timeout" : "connect", error, &news);
        else if (!link->answered)
            down_locked(path, "closed", 0, &news);
        dial_out_active_locked(path, waits_locked(path));
    }
    pthread_mutex_unlock(&path->lock);
    if (conn)
        connection_put(conn);
    news_tell(path, &news);
}

/* transport_dial() came back with a connection; its hooks may have run already. */
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

static void path_dial(struct dial_path *path, int64_t now_ns)
{
    const union netaddr *address = &path->target.address;
    struct dial_out *out = path->out;
    struct dial_link *link = NULL;
    struct connection *conn;
    int error;

    pthread_mutex_lock(&path->lock);
    if (dial_due_locked(path, now_ns) && dial_out_rate_take(out, path->attempts > 0, now_ns))
        link = link_begin_locked(path, now_ns);
    pthread_mutex_unlock(&path->lock);
    if (!link)
        return;
    dial_out_count(out, DIAL_OUT_COUNTER_dials);
    error = transport_dial(out->transport, &address->sa, netaddr_len(address), &dial_path_hooks,
                           link, &conn);
    if (error) {
        link_over(link, -error);
        link_put(link);
    } else {
        link_found(link, conn);
    }
    link_put(link);
}

/* ---- what transport/ tells ---- */

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
        probe_queue_locked(path, clock_now_ns());
    pthread_mutex_unlock(&path->lock);
    if (wanted)
        path_send(path);
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

const struct dial_hooks dial_path_hooks = {.connected = hook_connected, .closed = hook_closed};

/* ---- answers ---- */

static struct dial_call *sent_take_locked(struct dial_path *path, uint32_t xid)
{
    LIST_FOREACH (call, &path->sent, struct dial_call, link) {
        if (call->xid != xid)
            continue;
        list_remove(&call->link);
        if (call->done)
            path->call_count--;
        return call;
    }
    return NULL;
}

/* Anything but an answer ends the connection: nothing better is to be expected over it. */
static void answer_note(struct dial_path *path, struct dial_link *link, enum cb_answer answer)
{
    struct connection *conn = NULL;
    struct news news = {0};

    pthread_mutex_lock(&path->lock);
    if (path->link != link) {
        pthread_mutex_unlock(&path->lock);
        return;
    }
    if (answer == CB_ANSWERED) {
        link->answered = true;
        path->attempts = 0;
        state_set_locked(path, DIAL_PATH_UP, NULL, 0, &news);
    } else {
        link->lost = true;
        conn = link_conn_locked(link);
        down_locked(path, answer == CB_REFUSED ? "refused" : "nonsense", 0, &news);
    }
    pthread_mutex_unlock(&path->lock);
    conn_end(conn);
    news_tell(path, &news);
}

bool dial_path_reply(struct dial_link *link, uint32_t xid, const void *body, size_t len)
{
    struct dial_path *path = link->path;
    enum dial_outcome outcome = DIAL_ANSWERED;
    struct cb_reply reply;
    enum cb_answer answer;
    struct dial_call *call;
    struct arena arena;

    pthread_mutex_lock(&path->lock);
    call = path->link == link ? sent_take_locked(path, xid) : NULL;
    pthread_mutex_unlock(&path->lock);
    if (!call)
        return false;
    arena_init(&arena, 512);
    answer = dial_call_answer(call, body, len, &arena, &reply);
    dial_out_count(path->out,
                   answer == CB_NONSENSE ? DIAL_OUT_COUNTER_nonsense : DIAL_OUT_COUNTER_answers);
    answer_note(path, link, answer);
    if (answer != CB_ANSWERED)
        outcome = answer == CB_REFUSED ? DIAL_REFUSED : DIAL_FAILED;
    dial_call_end(call, outcome, outcome == DIAL_ANSWERED ? &reply : NULL);
    arena_fini(&arena);
    return true;
}

/* ---- what is asked for ---- */

void dial_path_probe(struct dial_path *path, int64_t now_ns)
{
    pthread_mutex_lock(&path->lock);
    if (!path->closed) {
        path->probe_wanted = true;
        path->attempts = 0;
        dial_out_active_locked(path, true);
        probe_queue_locked(path, now_ns);
    }
    pthread_mutex_unlock(&path->lock);
    path_dial(path, now_ns);
    path_send(path);
}

bool dial_path_call(struct dial_path *path, struct cb_op *ops, uint32_t op_count, dial_done *done,
                    void *arg, int64_t now_ns)
{
    uint32_t xid = atomic_fetch_add_explicit(&path->next_xid, 1, memory_order_relaxed);
    struct dial_call *call = dial_call_create(&path->target, xid, ops, op_count);
    bool taken;

    if (!call)
        return false;
    call->done = done;
    call->arg = arg;
    call->deadline_ns = now_ns + path->out->config.timeout_ms * NSEC_PER_MSEC;
    pthread_mutex_lock(&path->lock);
    taken = !path->closed && path->call_count < LIMIT_CALLBACK_CALLS_PER_PATH;
    if (taken) {
        list_push_back(&path->queue, &call->link);
        path->call_count++;
        if (rests_locked(path))
            path->attempts = 0;
        dial_out_active_locked(path, true);
    }
    pthread_mutex_unlock(&path->lock);
    if (!taken) {
        dial_call_put(call);
        return false;
    }
    path_dial(path, now_ns);
    path_send(path);
    return true;
}

int64_t dial_path_last_dial_ns(struct dial_path *path)
{
    int64_t last_dial_ns;

    pthread_mutex_lock(&path->lock);
    last_dial_ns = path->last_dial_ns;
    pthread_mutex_unlock(&path->lock);
    return last_dial_ns;
}

/* ---- time ---- */

/* Move the calls whose time is over to `late`; how many. */
static uint32_t calls_expire_locked(struct dial_path *path, struct list *calls, int64_t now_ns,
                                    struct list *late)
{
    uint32_t count = 0;

    LIST_FOREACH_SAFE (call, calls, struct dial_call, link) {
        if (now_ns < call->deadline_ns)
            continue;
        list_remove(&call->link);
        list_push_back(late, &call->link);
        if (call->done)
            path->call_count--;
        dial_out_count(path->out, DIAL_OUT_COUNTER_timeouts);
        count++;
    }
    return count;
}

/* The connection to be given up, with a reference; NULL: none. */
static struct connection *link_expire_locked(struct dial_path *path, int64_t now_ns,
                                             struct list *late, struct news *news)
{
    int64_t connect_ns = path->out->config.connect_ms * NSEC_PER_MSEC;
    struct dial_link *link = path->link;

    calls_expire_locked(path, &path->queue, now_ns, late);
    if (calls_expire_locked(path, &path->sent, now_ns, late) > 0) {
        down_locked(path, "silent", 0, news);
        link->lost = true;
        return link_conn_locked(link);
    }
    if (link && !link->up && now_ns - link->begun_ns >= connect_ns) {
        link->late = true;
        return link_conn_locked(link);
    }
    return NULL;
}

void dial_path_tick(struct dial_path *path, int64_t now_ns)
{
    struct connection *conn;
    struct news news = {0};
    struct list late;

    list_init(&late);
    pthread_mutex_lock(&path->lock);
    conn = link_expire_locked(path, now_ns, &late, &news);
    dial_out_active_locked(path, waits_locked(path)); /* link_over() looks again */
    pthread_mutex_unlock(&path->lock);
    conn_end(conn);
    news_tell(path, &news);
    dial_calls_end(&late, DIAL_FAILED);
    path_dial(path, now_ns);
}

/* ---- the end ---- */

static void calls_take_locked(struct list *from, struct list *to)
{
    struct list *node;

    while ((node = list_pop_front(from)))
        list_push_back(to, node);
}

void dial_path_close(struct dial_path *path)
{
    struct connection *conn;
    struct list calls;

    list_init(&calls);
    pthread_mutex_lock(&path->lock);
    path->closed = true;
    conn = link_conn_locked(path->link);
    path->link = NULL;
    calls_take_locked(&path->sent, &calls);
    calls_take_locked(&path->queue, &calls);
    path->call_count = 0;
    dial_out_active_locked(path, false);
    pthread_mutex_unlock(&path->lock);
    conn_end(conn);
    dial_calls_end(&calls, DIAL_CANCELLED);
}
