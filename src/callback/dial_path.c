/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One client's path and its calls.  A call waits in `queue`, then in `sent` until its reply
 * arrives; when the connection is lost, it returns to `queue`.
 */
#include "callback/dial_path.h"

#include <sodium.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "callback/callback_counters.h"
#include "callback/dial_call.h"
#include "callback/dial_link.h"
#include "callback/dial_out_internal.h"
#include "callback/dial_path_log.h"
#include "transport/connection.h"

/* ---- life cycle ---- */

struct dial_path *dial_path_create(struct dial_out *out, uint64_t clientid,
                                   const struct dial_target *target, int64_t last_dial_ns)
{
    struct dial_path *path = memory_zalloc(MEMORY_callbacks, sizeof(*path));

    if (!path)
        return NULL;
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
    memory_free(MEMORY_callbacks, path);
}

void dial_path_active_locked(struct dial_path *path, bool active)
{
    struct dial_out *out = path->out;

    pthread_mutex_lock(&out->lock);
    active = active && !path->closed;
    if (!out->stopped && path->active != active) {
        path->active = active;
        if (active)
            list_push_back(&out->active, &path->active_link);
        else
            list_remove(&path->active_link);
        out->active_count += active ? 1 : (uint32_t)-1;
    }
    pthread_mutex_unlock(&out->lock);
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
    dial_call_tried(path->out, call, clock_now_ns());
    atomic_fetch_add_explicit(&call->refs, 1, memory_order_relaxed);
    *conn = dial_link_conn_locked(link);
    return call;
}

/* One thread at a time sends, and also sends what other threads add meanwhile.  So calls leave in
 * order. */
void dial_path_send(struct dial_path *path)
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

/* Queue the probe, ahead of all calls, if the connection is up. */
void dial_path_probe_queue_locked(struct dial_path *path, int64_t now_ns)
{
    struct dial_call *probe;

    if (!path->probe_wanted || !path->link || !path->link->up)
        return;
    probe = dial_probe_create(&path->target,
                              atomic_fetch_add_explicit(&path->next_xid, 1, memory_order_relaxed));
    if (!probe)
        return;
    path->probe_wanted = false;
    probe->deadline_ns = now_ns + dial_out_timeout_ns(path->out);
    list_push_front(&path->queue, &probe->link);
    dial_out_count(path->out, DIAL_OUT_COUNTER_probes);
    dial_path_active_locked(path, true);
}

/* Does the path need the tick? */
bool dial_path_waits_locked(const struct dial_path *path)
{
    return !list_empty(&path->queue) || !list_empty(&path->sent) ||
           (path->link && !path->link->up) ||
           (path->probe_wanted && (path->link || !dial_link_gave_up_locked(path)));
}

/* The connection was lost: queue unanswered calls to be resent over the next one, with a new probe
 * in place of an old one. */
void dial_path_requeue_locked(struct dial_path *path)
{
    while (!list_empty(&path->sent)) {
        struct dial_call *call = LIST_ENTRY(path->sent.prev, struct dial_call, link);

        list_remove(&call->link);
        dial_call_failed(path->out, call);
        if (call->done) {
            list_push_front(&path->queue, &call->link);
            dial_out_count(path->out, DIAL_OUT_COUNTER_resent);
        } else {
            path->probe_wanted = true;
            dial_call_put(call);
        }
    }
}

/* ---- replies ---- */

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

/* A reply that is refused or malformed ends the connection: it is not worth keeping. */
static void answer_note(struct dial_path *path, struct dial_link *link, enum cb_answer answer)
{
    struct connection *conn = NULL;
    struct dial_path_log entry = {0};

    pthread_mutex_lock(&path->lock);
    if (path->link != link) {
        pthread_mutex_unlock(&path->lock);
        return;
    }
    if (answer == CB_ANSWERED) {
        link->answered = true;
        path->attempts = 0;
        dial_path_log_state_locked(path, DIAL_PATH_UP, NULL, 0, &entry);
    } else {
        link->lost = true;
        conn = dial_link_conn_locked(link);
        dial_path_log_down_locked(path, answer == CB_REFUSED ? "refused" : "malformed", 0, &entry);
    }
    pthread_mutex_unlock(&path->lock);
    dial_conn_end(conn);
    dial_path_log_write(path, &entry);
}

static void answer_count(const struct dial_out *out, const struct dial_call *call,
                         enum cb_answer answer)
{
    if (answer != CB_ANSWERED)
        dial_call_failed(out, call);
    if (answer != CB_MALFORMED && call->done)
        callback_counters_answer(out->callback_counters, clock_now_ns() - call->sent_ns);
}

bool dial_path_reply(struct dial_link *link, uint32_t xid, const void *body, size_t len)
{
    struct dial_path *path = link->path;
    enum callback_outcome outcome = CALLBACK_ANSWERED;
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
                   answer == CB_MALFORMED ? DIAL_OUT_COUNTER_malformed : DIAL_OUT_COUNTER_answers);
    answer_note(path, link, answer);
    answer_count(path->out, call, answer);
    if (answer != CB_ANSWERED)
        outcome = answer == CB_REFUSED ? CALLBACK_REFUSED : CALLBACK_FAILED;
    dial_call_end(call, outcome, outcome == CALLBACK_ANSWERED ? &reply : NULL);
    arena_fini(&arena);
    return true;
}

/* ---- requests ---- */

void dial_path_probe(struct dial_path *path, int64_t now_ns)
{
    pthread_mutex_lock(&path->lock);
    if (!path->closed) {
        path->probe_wanted = true;
        path->attempts = 0;
        dial_path_active_locked(path, true);
        dial_path_probe_queue_locked(path, now_ns);
    }
    pthread_mutex_unlock(&path->lock);
    dial_link_make(path, now_ns);
    dial_path_send(path);
}

bool dial_path_call(struct dial_path *path, struct cb_op *ops, uint32_t op_count,
                    callback_done *done, void *arg, int64_t now_ns)
{
    uint32_t xid = atomic_fetch_add_explicit(&path->next_xid, 1, memory_order_relaxed);
    struct dial_call *call = dial_call_create(&path->target, xid, ops, op_count);
    bool taken;

    if (!call)
        return false;
    call->done = done;
    call->arg = arg;
    call->deadline_ns = now_ns + dial_out_timeout_ns(path->out);
    pthread_mutex_lock(&path->lock);
    taken = !path->closed && path->call_count < LIMIT_CALLBACK_CALLS_PER_PATH;
    if (taken) {
        list_push_back(&path->queue, &call->link);
        path->call_count++;
        call->counters = path->out->callback_counters;
        callback_counters_taken(call->counters);
        if (dial_link_gave_up_locked(path))
            path->attempts = 0;
        dial_path_active_locked(path, true);
    }
    pthread_mutex_unlock(&path->lock);
    if (!taken) {
        dial_call_put(call);
        return false;
    }
    dial_link_make(path, now_ns);
    dial_path_send(path);
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

/* Move the calls whose deadline has passed to `late`; returns their number. */
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
        if (calls == &path->sent)
            dial_call_failed(path->out, call);
        count++;
    }
    return count;
}

/* A connection to be shut down, with a reference; NULL: none. */
static struct connection *link_expire_locked(struct dial_path *path, int64_t now_ns,
                                             struct list *late, struct dial_path_log *entry)
{
    int64_t connect_ns = path->out->config.connect_ms * NSEC_PER_MSEC;
    struct dial_link *link = path->link;

    calls_expire_locked(path, &path->queue, now_ns, late);
    if (calls_expire_locked(path, &path->sent, now_ns, late) > 0) {
        dial_path_log_down_locked(path, "silent", 0, entry);
        link->lost = true;
        return dial_link_conn_locked(link);
    }
    if (link && !link->up && now_ns - link->begun_ns >= connect_ns) {
        link->late = true;
        return dial_link_conn_locked(link);
    }
    return NULL;
}

void dial_path_tick(struct dial_path *path, int64_t now_ns)
{
    struct connection *conn;
    struct dial_path_log entry = {0};
    struct list late;

    list_init(&late);
    pthread_mutex_lock(&path->lock);
    conn = link_expire_locked(path, now_ns, &late, &entry);
    dial_path_probe_queue_locked(path, now_ns); /* again, if there was no memory before */
    dial_path_active_locked(path, dial_path_waits_locked(path)); /* link_over() checks again */
    pthread_mutex_unlock(&path->lock);
    dial_conn_end(conn);
    dial_path_log_write(path, &entry);
    dial_calls_end(&late, CALLBACK_FAILED);
    dial_link_make(path, now_ns);
    dial_path_send(path);
}

/* ---- shutdown ---- */

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
    conn = dial_link_conn_locked(path->link);
    path->link = NULL;
    calls_take_locked(&path->sent, &calls);
    calls_take_locked(&path->queue, &calls);
    path->call_count = 0;
    dial_path_active_locked(path, false);
    pthread_mutex_unlock(&path->lock);
    dial_conn_end(conn);
    dial_calls_end(&calls, CALLBACK_CANCELLED);
}

/* Probes are not counted. */
void dial_path_backlog(struct dial_path *path, int64_t now_ns, struct callback_backlog *backlog)
{
    pthread_mutex_lock(&path->lock);
    callback_backlog_add(backlog, path->call_count, 0);
    LIST_FOREACH (call, &path->sent, struct dial_call, link) {
        if (call->done)
            callback_backlog_add(backlog, 0, now_ns - call->sent_ns);
    }
    pthread_mutex_unlock(&path->lock);
}
