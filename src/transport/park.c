/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that wait without a thread: from RPC_PARKED to the program's resume hook.
 *
 * A parked call keeps its frame with the arena, a reference on its connection's socket, and copies
 * of the record and of the results encoded so far.  The copies are as large as their content; the
 * shared buffers are released.  If there is no memory for the copies, the call keeps the buffers.
 * A call that yields is kept in the same way, in a list of its connection.
 *
 * All waits have about the same length, so deadlines arrive nearly in order: a sorted list is
 * enough, with one timer in the epoll set of loop 0.
 */
#include "transport/park.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/memory.h"
#include "transport/buffer.h"
#include "transport/call_frame.h"
#include "transport/connection_internal.h"
#include "transport/loop.h"
#include "transport/rpc_serve.h"
#include "transport/source.h"
#include "transport/transport_internal.h"
#include "transport/turn.h"
#include "transport/worker_internal.h"

enum {
    DEFER_NS = 20000000
};

static struct call_frame *frame_of(struct rpc_call *call)
{
    return CONTAINER_OF(call, struct call_frame, call);
}

static struct park_table *table_of(const struct call_frame *frame)
{
    return &frame->call.conn->transport->parks;
}

/* ---- limits ---- */

static bool count_add(_Atomic uint32_t *count, uint32_t limit)
{
    if (atomic_fetch_add_explicit(count, 1, memory_order_relaxed) < limit)
        return true;
    atomic_fetch_sub_explicit(count, 1, memory_order_relaxed);
    return false;
}

static void count_drop(_Atomic uint32_t *count)
{
    atomic_fetch_sub_explicit(count, 1, memory_order_relaxed);
}

/* The results encoded so far are at most as long as a reply, and nearly always short. */
static bool bytes_add(struct park_table *parks, size_t bytes)
{
    if (atomic_fetch_add_explicit(&parks->bytes, bytes, memory_order_relaxed) + bytes <=
        LIMIT_PARKED_BYTES)
        return true;
    atomic_fetch_sub_explicit(&parks->bytes, bytes, memory_order_relaxed);
    return false;
}

static bool reserve(struct call_frame *frame)
{
    struct park_table *parks = table_of(frame);
    struct connection *conn = frame->call.conn;

    frame->park.bytes = frame->record_len + xdr_pos(&frame->call.out);
    if (!count_add(&parks->count, LIMIT_PARKED_CALLS))
        return false;
    if (count_add(&conn->parked, LIMIT_PARKED_CALLS_PER_CONNECTION)) {
        if (bytes_add(parks, frame->park.bytes))
            return true;
        count_drop(&conn->parked);
    }
    count_drop(&parks->count);
    return false;
}

static void reservation_drop(struct call_frame *frame)
{
    struct park_table *parks = table_of(frame);

    if (!frame->park.reserved)
        return;
    frame->park.reserved = false;
    atomic_fetch_sub_explicit(&parks->bytes, frame->park.bytes, memory_order_relaxed);
    count_drop(&frame->call.conn->parked);
    count_drop(&parks->count);
}

bool rpc_call_park(struct rpc_call *call, int64_t until_ns)
{
    struct call_frame *frame = frame_of(call);
    struct transport *transport = call->conn->transport;

    CHECK(call->park_ok && !frame->park.asked);
    if (until_ns) {
        if (atomic_load_explicit(&transport->draining, memory_order_relaxed) || !reserve(frame)) {
            transport_count(transport, TRANSPORT_COUNTER_parks_refused, 1);
            return false;
        }
        frame->park.reserved = true;
    }
    frame->park.until_ns = until_ns;
    frame->park.asked = true;
    return true;
}

bool rpc_call_slice_over_now(struct rpc_call *call)
{
    struct loop *loop = worker_loop(call->conn->transport);
    int64_t now_ns = clock_now_ns();
    bool over = loop ? turn_charge(&loop->turns, now_ns, call->work)
                     : worker_slice_over(worker_self, now_ns);

    call->work = 0;
    call->work_max = loop ? loop->turns.step : 1;
    call->work_pos = xdr_pos(&call->out);
    return over;
}

/* The owner of another loop does not yield: it could not queue the connection. */
bool rpc_call_yield_now(struct rpc_call *call)
{
    struct call_frame *frame = frame_of(call);
    struct transport *transport = call->conn->transport;
    struct loop *loop = worker_loop(transport);

    if (!rpc_call_slice_over_now(call) || (loop && loop != call->conn->loop))
        return false;
    if (!call->park_ok || call->out.failed ||
        atomic_load_explicit(&transport->draining, memory_order_relaxed) || !reserve(frame))
        return false;
    CHECK(!frame->park.asked);
    frame->park.reserved = frame->park.asked = frame->park.yields = true;
    frame->park.until_ns = 0;
    transport_count(transport, TRANSPORT_COUNTER_yields, 1);
    return true;
}

/* ---- memory ---- */

static const uint8_t *rebased(const void *p, const uint8_t *from, const uint8_t *to)
{
    return p ? to + ((const uint8_t *)p - from) : NULL;
}

/* When a call is parked for the first time: copy its record, and relocate all pointers into it. */
static void record_keep(struct call_frame *frame, uint8_t *to)
{
    struct rpc_call *call = &frame->call;
    const uint8_t *from = frame->record;

    frame->park.record = to;
    memcpy(to, from, frame->record_len);
    frame->record = to;
    call->in.p = to + (call->in.p - from);
    call->in.end = to + (call->in.end - from);
    call->in.start = to + (call->in.start - from);
    call->args = rebased(call->args, from, to);
    call->cred.machine.data = rebased(call->cred.machine.data, from, to);
}

static void results_keep(struct call_frame *frame, uint8_t *to)
{
    struct xdr *out = &frame->call.out;

    CHECK(!out->failed);
    frame->park.results_len = xdr_pos(out);
    frame->park.results = to;
    memcpy(frame->park.results, out->start, frame->park.results_len);
    out->start = out->p = out->end = NULL;
}

/* Release the buffers, but keep the socket. */
static void buffers_drop(struct call_frame *frame)
{
    if (frame->pinned) {
        buffer_put(frame->in);
        buffer_put(frame->out);
    } else {
        connection_pin(frame->call.conn);
        frame->pinned = true;
    }
    frame->in = frame->out = NULL;
    frame->reply = NULL;
}

bool park_keep(struct call_frame *frame)
{
    uint8_t *record = NULL, *results;

    results = memory_alloc(MEMORY_calls, xdr_pos(&frame->call.out));
    if (results && !frame->park.record)
        record = memory_alloc(MEMORY_calls, frame->record_len);
    if (!results || (!record && !frame->park.record)) {
        memory_free(MEMORY_calls, results);
        return false;
    }
    if (record)
        record_keep(frame, record);
    results_keep(frame, results);
    buffers_drop(frame);
    return true;
}

/* Get a buffer for the whole reply again, unless the call has kept its own.  False without
 * memory. */
static bool results_restore(struct call_frame *frame)
{
    struct xdr *out = &frame->call.out;

    if (!frame->park.results)
        return true;
    frame->out = buffer_create(&frame->call.conn->transport->buffers, RPC_REPLY_ROOM);
    if (!frame->out)
        return false;
    frame->reply = frame->out->data;
    xdr_init_encode(out, frame->reply + frame->reply_head, LIMIT_REPLY_BYTES);
    memcpy(out->p, frame->park.results, frame->park.results_len);
    out->p += frame->park.results_len;
    memory_free(MEMORY_calls, frame->park.results);
    frame->park.results = NULL;
    return true;
}

/* The call has ended: release what only parked calls have. */
static void park_end(struct call_frame *frame)
{
    CHECK(!frame->park.parked && !frame->park.results);
    frame->park.resumed = false;
    memory_free(MEMORY_calls, frame->park.record);
    frame->park.record = NULL;
}

/* ---- the timer ---- */

/* With the lock: two threads that set the timer at the same time could leave either deadline
 * armed. */
static void timer_arm_locked(struct park_table *parks, int64_t until_ns)
{
    int64_t left_ns = until_ns - clock_now_ns();
    struct itimerspec when = {.it_value.tv_nsec = 1};

    if (left_ns > 0)
        when.it_value =
            (struct timespec){.tv_sec = left_ns / NSEC_PER_SEC, .tv_nsec = left_ns % NSEC_PER_SEC};
    CHECK(timerfd_settime(parks->timer_fd, 0, &when, NULL) == 0);
    parks->armed_ns = until_ns;
}

/* The timer is not set again when the first call in the list leaves early: a timer that fires too
 * early does no harm. */
static void deadline_add_locked(struct park_table *parks, struct call_frame *frame)
{
    struct list *behind = parks->waiting.prev;

    while (behind != &parks->waiting &&
           LIST_ENTRY(behind, struct call_frame, park.link)->park.until_ns > frame->park.until_ns)
        behind = behind->prev;
    list_insert_between(&frame->park.link, behind, behind->next);
    if (!parks->armed_ns || frame->park.until_ns < parks->armed_ns)
        timer_arm_locked(parks, frame->park.until_ns);
}

/* ---- parking and resuming ---- */

/* The call now belongs to the owner of `loop`. */
static void resume_in(struct loop *loop, struct call_frame *frame)
{
    bool mine = worker_loop(loop->transport) == loop;

    pthread_mutex_lock(&loop->resumed_lock);
    list_push_back(&loop->resumed, &frame->park.link);
    pthread_mutex_unlock(&loop->resumed_lock);
    if (mine)
        loop->resume_wanted = true;
    else
        loop_wake(loop);
}

/* The calling thread's loop, if it owns one: then no other thread has to wake up. */
static struct loop *loop_for(const struct call_frame *frame)
{
    struct loop *owned = worker_loop(frame->call.conn->transport);

    return owned ? owned : frame->call.conn->loop;
}

/* Only the owner of the connection's loop may queue the call there; other threads pass it to that
 * owner. */
static void yield_enter(struct call_frame *frame)
{
    struct connection *conn = frame->call.conn;

    if (worker_loop(conn->transport) != conn->loop) {
        resume_in(conn->loop, frame);
        return;
    }
    frame->park.yields = false;
    list_push_back(&conn->yielded, &frame->park.link);
    turn_wait(&conn->loop->turns, &conn->turn);
}

void park_enter(struct call_frame *frame)
{
    struct park_table *parks = table_of(frame);
    struct transport *transport = frame->call.conn->transport;
    bool resumed;

    frame->park.asked = false;
    frame->call.park_expired = false;
    if (frame->park.yields) {
        yield_enter(frame);
        return;
    }
    transport_count(transport, TRANSPORT_COUNTER_parks, 1);

    pthread_mutex_lock(&parks->lock);
    resumed = frame->park.resumed;
    frame->park.resumed = false;
    frame->park.parked = !resumed;
    if (!resumed && frame->park.until_ns)
        deadline_add_locked(parks, frame);
    pthread_mutex_unlock(&parks->lock);
    if (resumed)
        resume_in(loop_for(frame), frame);
}

/* True when the caller now owns the frame. */
static bool take_locked(struct call_frame *frame, bool expired)
{
    if (!frame->park.parked)
        return false;
    frame->park.parked = false;
    if (!frame->park.deferred)
        frame->call.park_expired = expired;
    frame->park.deferred = false;
    if (frame->park.until_ns)
        list_remove(&frame->park.link);
    return true;
}

void rpc_call_resume(struct rpc_call *call)
{
    struct call_frame *frame = frame_of(call);
    struct park_table *parks = table_of(frame);
    bool taken;

    pthread_mutex_lock(&parks->lock);
    taken = take_locked(frame, false);
    if (!taken)
        frame->park.resumed = true;
    pthread_mutex_unlock(&parks->lock);
    /* If not taken, another thread runs the call, and it may have ended. */
    if (taken)
        resume_in(loop_for(frame), frame);
}

static void expire(struct transport *transport, int64_t now_ns)
{
    struct park_table *parks = &transport->parks;
    struct list expired;

    list_init(&expired);
    pthread_mutex_lock(&parks->lock);
    parks->armed_ns = 0;
    while (!list_empty(&parks->waiting)) {
        struct call_frame *frame = LIST_ENTRY(parks->waiting.next, struct call_frame, park.link);

        if (frame->park.until_ns > now_ns) {
            timer_arm_locked(parks, frame->park.until_ns);
            break;
        }
        CHECK(take_locked(frame, true));
        list_push_back(&expired, &frame->park.link);
    }
    pthread_mutex_unlock(&parks->lock);
    while (!list_empty(&expired)) {
        struct call_frame *frame =
            LIST_ENTRY(list_pop_front(&expired), struct call_frame, park.link);

        transport_count(transport, TRANSPORT_COUNTER_parks_expired, 1);
        resume_in(frame->call.conn->loop, frame);
    }
}

/* At least one deadline may have passed. */
static void timer_event(struct loop *loop, struct source *source, uint32_t events)
{
    uint64_t count;
    ssize_t ignored = read(loop->transport->parks.timer_fd, &count, sizeof(count));

    (void)source, (void)events, (void)ignored;
    expire(loop->transport, clock_now_ns());
}

void park_expire_all(struct transport *transport)
{
    expire(transport, INT64_MAX);
}

/* There is no memory for the reply: retry after DEFER_NS. */
static void defer(struct call_frame *frame)
{
    struct park_table *parks = table_of(frame);

    pthread_mutex_lock(&parks->lock);
    frame->park.until_ns = clock_now_ns() + DEFER_NS;
    frame->park.parked = frame->park.deferred = true;
    deadline_add_locked(parks, frame);
    pthread_mutex_unlock(&parks->lock);
}

static void run_on(struct call_frame *frame)
{
    struct worker *worker = worker_self;

    if (!results_restore(frame)) {
        defer(frame);
        return;
    }
    reservation_drop(frame);
    frame->call.work = 0;
    frame->call.work_max = 1;
    worker->frame = frame;
    rpc_serve_resumed(frame);
    worker->frame = NULL;
    if (frame->park.asked) {
        (void)park_keep(frame); /* if this fails, it keeps the buffers, which are its own */
        park_enter(frame);
    } else {
        park_end(frame);
        frame_finish(frame->call.conn->transport, frame);
    }
}

void park_run_yielded(struct call_frame *frame)
{
    list_remove(&frame->park.link);
    run_on(frame);
}

void park_run_next(struct loop *loop)
{
    struct call_frame *frame;
    struct list *node;

    pthread_mutex_lock(&loop->resumed_lock);
    node = list_pop_front(&loop->resumed);
    loop->resume_wanted = !list_empty(&loop->resumed);
    pthread_mutex_unlock(&loop->resumed_lock);
    if (!node)
        return;
    frame = LIST_ENTRY(node, struct call_frame, park.link);
    if (frame->park.yields) {
        yield_enter(frame);
        return;
    }
    turn_begin_address(&loop->turns, &frame->call.conn->turn, clock_now_ns());
    run_on(frame);
}

/* ---- the table ---- */

bool park_table_init(struct transport *transport)
{
    struct park_table *parks = &transport->parks;

    parks->timer.event = timer_event;
    list_init(&parks->waiting);
    CHECK(pthread_mutex_init(&parks->lock, NULL) == 0);
    parks->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    return parks->timer_fd >= 0;
}

bool park_table_start(struct loop *loop)
{
    struct park_table *parks = &loop->transport->parks;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &parks->timer};

    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, parks->timer_fd, &event) == 0;
}

void park_table_fini(struct transport *transport)
{
    struct park_table *parks = &transport->parks;

    CHECK(list_empty(&parks->waiting));
    CHECK(parks->count == 0 && parks->bytes == 0);
    if (parks->timer_fd >= 0)
        close(parks->timer_fd);
    pthread_mutex_destroy(&parks->lock);
}
