/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of transport/ share: the transport, its loops, workers and connections.
 *
 * A loop (epoll set, its connections, the batch in progress) belongs to exactly one thread at a
 * time, its owner; whatever outlives a call stands in the loop or the connection and never on a
 * thread's stack, for a thread can lose its loop inside any call (worker.h).  Functions that can
 * lose it say so; their caller returns at once without touching the loop when worker->loop is no
 * longer that loop.
 *
 * Locks: send_queue.lock before buffer_pool.lock and unsent.lock; all others (loop.list_lock,
 * loop.resumed_lock, half_records.lock, peer_table.lock, worker_pool.lock, monitor_lock,
 * frame_lock, park_table.lock) alone.
 */
#pragma once

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#include "base/counter.h"
#include "base/list.h"
#include "base/log_limit.h"
#include "base/memory.h"
#include "transport/buffer.h"
#include "transport/connection.h"
#include "transport/dial.h"
#include "transport/half_record.h"
#include "transport/idle.h"
#include "transport/peer_table.h"
#include "transport/record.h"
#include "transport/rpc_call.h"
#include "transport/transport.h"
#include "transport/turn.h"
#include "transport/unsent.h"

enum {
    CACHE_LINE_BYTES = 64,
    LOOP_EVENTS = 64,
    FRAME_ARENA_BYTES = 8 << 10, /* a usual call takes less than 1 KiB */
    /* At most this many receives for one connection before the next has its turn. */
    BATCH_RECEIVES = 4,
    POSTPONED_BYTES_MAX = 4096, /* of replies, which are copied for that */
};

/* ---- what an epoll event points to ---- */

enum source_kind {
    SOURCE_CONNECTION,
    SOURCE_LISTENER,
    SOURCE_WAKE,
    SOURCE_TIMER,
};

struct source {
    enum source_kind kind;
};

/* ---- send queue ---- */

/* A run of bytes, or the payload of a tail with its padding. */
struct send_item {
    struct send_item *next;
    const uint8_t *data; /* bytes: what is left of them, in `buffer` or in `copy` */
    size_t len;
    struct buffer *buffer; /* a reference, or NULL */
    size_t memory;         /* that goes with it */
    bool is_tail;
    struct rpc_tail tail; /* what is left of it */
    uint32_t zeros;       /* padding, and what the file was short of */
    uint8_t copy[];
};

/* Bytes on their way out.  At most one thread at a time sends, the flusher, and at most one tells
 * epoll what to wait for; the lock is never held over a system call.  When there is no flusher,
 * the queue is empty, or epoll waits for room in the socket (or is being told to), or a loop is
 * about to send it (`postponed`), or the loop has left, or the connection is dead. */
struct send_queue {
    pthread_mutex_t lock;
    struct send_item *head, *tail;
    _Atomic size_t bytes; /* written with the lock */
    bool flushing, arming;
    bool postponed; /* the connection is in a loop.postponed */
    bool paused;    /* above the mark: receive no more for now */
    bool blocked;   /* the socket was full, and something waits since: unsent.h */
    uint32_t armed; /* the epoll events */
    /* Only the owner of the loop writes these, so it reads them without the lock: apart from those
     * above, for compilers read neighbours together. */
    bool left;     /* the loop is done with the connection */
    bool eof;      /* the client sends no more: leave once the queue is empty */
    bool quiet;    /* draining: receive no more */
    bool stalled;  /* calls already received wait until it is not paused */
    bool deferred; /* they wait for the connection's next turn */
};

/* ---- connections ---- */

/* What a connection that we made has besides: dial.c.  hooks is NULL for all others. */
struct dial {
    const struct dial_hooks *hooks;
    void *arg;
    bool connecting; /* the loop owner's: not up yet */
    int error;       /* why it never came up */
};

/*
 * `refs` holds the memory: 1 for all of `active`, 1 for each connection_get().
 * `active` holds the socket: 1 for the loop, 1 for each pinned call, 1 for each running
 * connection_send(), 1 if its records are postponed.  It never rises again from 0.
 */
struct connection {
    struct source source;
    int fd;
    _Atomic uint32_t refs;
    _Atomic uint32_t active;
    _Atomic bool dead;
    struct transport *transport;
    struct loop *loop;
    uint64_t id;
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } peer;
    _Atomic int64_t activity_ns;
    _Atomic uint32_t parked; /* its calls that are */
    _Atomic(void *) user[CONNECTION_USER_SLOTS];
    struct list link;           /* loop.connections */
    struct list idle_link;      /* loop.strangers */
    struct list postponed_link; /* of any loop */
    struct dial dial;
    struct peer *counted; /* as one of its address; NULL: it is dialled */
    _Atomic bool serves_client;
    struct half_record half;
    struct blocked blocked;

    /* The loop owner's. */
    struct record_reader reader;
    struct turn turn;
    struct list yielded;    /* its calls that have used up a slice, struct park link */
    struct buffer *stalled; /* received, not yet run: [stalled_pos, stalled_end) */
    uint32_t stalled_pos, stalled_end;

    struct send_queue queue;
};

/* Take over `fd`; one reference, one active, both the loop's.  NULL without memory: the caller
 * still has `fd`. */
struct connection *connection_create(struct transport *transport, int fd,
                                     const struct sockaddr *peer, socklen_t peer_len) MUST_USE;

/* There is no memory for its calls or replies: shut it down, so that its client repeats them. */
void connection_starve(struct connection *conn);

/* Shut it down because it costs too much: count it, and tell the log, within a limit. */
void connection_cut(struct connection *conn, enum transport_counter counter, const char *event);

/* What every connection's socket is set to. */
void connection_options(int fd, const struct transport_config *config);

/* One more user of the socket; the caller knows that there is one. */
void connection_pin(struct connection *conn);

/* The same for one who does not know: false when the socket is closed. */
bool connection_try_pin(struct connection *conn) MUST_USE;

/* The last one closes the socket and runs the `closed` hooks.  Can lose the loop. */
void connection_unpin(struct connection *conn);

static inline bool connection_is_dead(struct connection *conn)
{
    return atomic_load_explicit(&conn->dead, memory_order_relaxed);
}

/* ---- send_queue.c ---- */

/* Send `len` bytes of `buffer` at `data`, whole records, then the tail if it has one, behind what
 * is postponed; what the socket does not take is queued.  Can lose the loop. */
void send_queue_transmit(struct connection *conn, struct buffer *buffer, const uint8_t *data,
                         size_t len, struct rpc_tail *tail);

/* Queue one record in a copy, with its mark; false when the queue is too long or the loop receives
 * no more.  A thread that owns a loop postpones it: what one batch adds for a connection leaves
 * together, with one call.  Can lose the loop. */
bool send_queue_record(struct connection *conn, const void *record, size_t len) MUST_USE;

/* Postpone whole records, in a copy; `first`: no longer than others.  False: send them now. */
bool send_queue_postpone(struct connection *conn, const uint8_t *data, size_t len,
                         bool first) MUST_USE;

/* Send what is postponed, and give up the reference that this had.  Can lose the loop. */
void send_queue_postponed(struct connection *conn);

/* Send what the socket takes and set what epoll waits for.  Can lose the loop. */
void send_queue_pump(struct connection *conn);

enum {
    SEND_QUEUE_EOF = 1,
    SEND_QUEUE_QUIET = 2,
    SEND_QUEUE_STALL = 4,
    SEND_QUEUE_RESUME = 8,
    SEND_QUEUE_WAITS = 16,
    SEND_QUEUE_DEFER = 32,
    SEND_QUEUE_GO_ON = 64,
};

/* Note that the client sends no more, that nothing more is to be received, that calls wait for the
 * socket, that these go on, that calls wait for a turn, that none do (the loop owner's word); then
 * set what epoll waits for. */
void send_queue_set(struct connection *conn, unsigned flags);

/* WAITS: bytes wait for the socket.  EOF: it was set, and none do.  RESUME: calls that wait may
 * go on. */
unsigned send_queue_state(struct connection *conn);

/* The loop is done: from now on what the socket does not take at once is lost. */
void send_queue_leave(struct connection *conn);

/* Free what is left in it. */
void send_queue_fini(struct connection *conn);

static inline size_t send_queue_bytes(const struct connection *conn)
{
    return atomic_load_explicit(&conn->queue.bytes, memory_order_relaxed);
}

/* ---- calls ---- */

/* What a call has besides while it is parked: park.c. */
struct park {
    bool asked;    /* rpc_call_park() was true: RPC_PARKED follows */
    bool yields;   /* the same, of rpc_call_yield_now() */
    bool reserved; /* it is counted */
    bool parked;   /* it is anybody's; under park_table.lock, like the next */
    bool resumed;  /* rpc_call_resume() came while it was not parked */
    bool deferred; /* it was to go on, and waits for memory; with the lock, too */
    int64_t until_ns;
    struct list link; /* of park_table.waiting, then of loop.resumed; or of connection.yielded */
    size_t bytes;     /* as counted */
    uint8_t *record;  /* a copy of its own: until the call ends */
    uint8_t *results; /* what has been encoded: until it is run on */
    size_t results_len;
};

/* A call with what belongs to it; pooled.  A thread that loses its loop keeps its frame. */
struct call_frame {
    struct rpc_call call;
    struct arena arena;
    struct call_frame *next; /* free list */
    struct buffer *in;       /* where the arguments lie */
    struct buffer *out;      /* where the reply is encoded */
    bool pinned;             /* has references on in, out and call.conn->active of its own */
    const uint8_t *record;   /* the CALL, of record_len bytes */
    size_t record_len;
    const struct rpc_program *program; /* that runs it */
    struct park park;
    uint8_t *reply;   /* the record in `out` */
    size_t reply_len; /* 0: no reply */
    bool close;       /* the record makes no sense: close the connection */
};

/* NULL without memory. */
struct call_frame *frame_create(struct transport *transport) MUST_USE;
void frame_release(struct transport *transport, struct call_frame *frame);
void frame_pool_fini(struct transport *transport);

/* The references that let the call go on without the loop; giving the last ones back can close
 * the connection. */
void frame_pin(struct call_frame *frame);
void frame_unpin(struct call_frame *frame);

/* The call is pinned and has ended: send its reply, give everything back.  Can lose the loop. */
void frame_finish(struct transport *transport, struct call_frame *frame);

/* ---- rpc_serve.c ---- */

/* Decode the CALL record `data`, run its program, encode the reply at frame->reply, where there
 * is room for RPC_REPLY_ROOM bytes.  Sets reply_len, close, or park.asked: then park_enter() is to
 * follow.  Can lose the loop. */
enum {
    RPC_REPLY_HEADER_BYTES = RPC_RECORD_MARK_BYTES + 24, /* accepted, with an empty verifier */
    RPC_REPLY_ROOM = RPC_REPLY_HEADER_BYTES + LIMIT_REPLY_BYTES,
};
void rpc_serve(struct transport *transport, struct call_frame *frame, const uint8_t *data,
               size_t len);

/* Run on what was parked.  Can lose the loop. */
void rpc_serve_resumed(struct call_frame *frame);

/* ---- park.c ---- */

struct park_table {
    pthread_mutex_t lock; /* guards the frames' part */
    struct list waiting;  /* parked calls with a deadline, the next one first */
    int timer_fd;
    struct source timer;
    int64_t armed_ns; /* when the timer goes off; 0: it does not; under the lock */
    _Atomic uint32_t count;
    _Atomic size_t bytes;
};

struct loop;

bool park_table_init(struct transport *transport) MUST_USE;
void park_table_fini(struct transport *transport);

/* Have this loop watch the timer. */
bool park_table_start(struct loop *loop) MUST_USE;

/* The call has asked to be parked: give back its buffers, for copies of what is in them.  False
 * without memory: nothing has changed, and they stay the frame's as long as it is parked. */
bool park_keep(struct call_frame *frame);

/* Park it then: the frame is not the caller's any more. */
void park_enter(struct call_frame *frame);

/* Run the call on that has yielded, on its connection's turn.  The owner's; can lose the loop. */
void park_run_yielded(struct call_frame *frame);

/* Give back what a call had that was parked. */
void park_forget(struct call_frame *frame);

/* Run the next call that is to go on in this loop, if there is one.  The owner's, between batches;
 * can lose the loop. */
void park_run_next(struct loop *loop);

/* Some deadline may be over; and: all of them are. */
void park_timer_event(struct transport *transport);
void park_expire_all(struct transport *transport);

/* ---- share.c ---- */

/* Who a thread blocks for, and where: its call's. */
struct place {
    _Atomic int32_t *in; /* rpc_call.blocked_in */
    unsigned address;    /* of the connection, as in struct turn */
};

/* Threads that are blocked, in all and by address. */
struct share_table {
    _Atomic int32_t blocked;
    _Atomic int32_t addresses[TURN_ADDRESSES + 1]; /* the last one: nobody's */
};

/* A thread blocks there: without a loop, since that has gone to another; it goes on. */
void share_take(struct share_table *table, const struct place *place);
void share_give(struct share_table *table, const struct place *place);

/* ---- loops ---- */

/* The batch in progress: what was received from one connection. */
struct batch {
    struct connection *conn; /* NULL: none */
    struct buffer *in;       /* a reference, or NULL */
    uint8_t *pos, *end;      /* not yet run, in `in` */
    struct buffer *record;   /* a reference: holds the record being run; may be NULL */
    int64_t received_ns;
    unsigned receives;
    uint32_t work; /* done since the clock was read, as in struct rpc_call */
    bool begins;   /* no turn has begun with it yet */
    bool over;     /* the connection's slice is */
    bool more;     /* the receive was filled: there may be more */
    bool eof;
};

struct loop {
    /* Written by the owner and by who takes the loop away: worker.c. */
    _Alignas(CACHE_LINE_BYTES) _Atomic uint64_t section;
    uint64_t section_seen, section_starved; /* the monitor's */
    struct place section_place;             /* where the owner may block */
    uint8_t rest_of_line[CACHE_LINE_BYTES - 3 * sizeof(uint64_t) - sizeof(struct place)];

    _Alignas(CACHE_LINE_BYTES) struct transport *transport;
    unsigned index;
    int epoll_fd;
    int wake_fd;
    struct source wake;
    _Atomic uint32_t connection_count;

    struct epoll_event events[LOOP_EVENTS];
    int event_next, event_count;
    struct batch batch;
    struct turn_table turns;
    struct buffer *scratch;   /* receives go here */
    struct call_frame *frame; /* a free one, or NULL: the running call has it */

    /* Replies of the batch: [out_start, out_used) of `out` are to be sent.  `encoding`: a call is
     * writing behind out_used. */
    struct buffer *out;
    size_t out_start, out_used;
    bool encoding, drain_wanted, resume_wanted;
    bool resumed_one; /* the last thing that was done was to let a parked call go on */

    /* Connections, of any loop, that records are to be sent to when the batch at hand has ended,
     * or as soon as the loop passes to another owner. */
    struct list postponed;
    unsigned postponed_sections; /* that the owner has entered since */

    int64_t accept_paused_until_ns; /* 0: accepting */
    int64_t accept_complain_ns;     /* a pause after this one is news */

    struct half_records half_records;

    pthread_mutex_t list_lock;
    struct list connections;
    struct list strangers; /* those that serve no client: idle.h */

    pthread_mutex_t resumed_lock;
    struct list resumed; /* parked calls that go on here, struct park link */
};

struct worker;

bool loop_init(struct loop *loop, struct transport *transport, unsigned index) MUST_USE;
void loop_fini(struct loop *loop);

/* Run it until the transport stops or the calling worker loses it. */
void loop_run(struct loop *loop);

/* The loop that the calling thread, a worker, owns for sure; NULL: it owns none. */
struct loop *loop_owned(const struct transport *transport);

/* Send what is postponed.  The owner's; can lose the loop. */
void loop_send_postponed(struct loop *loop);

/* The same, between calls, if the owner has said time and again that it may block. */
void loop_send_postponed_late(struct loop *loop);

/* The owner is about to say so.  Nothing is sent here: who calls it may hold locks. */
void loop_count_section(struct loop *loop);

/* Make its owner look up; any thread. */
void loop_wake(struct loop *loop);

/* The loop that has the fewest connections. */
struct loop *loop_choose(struct transport *transport);

/* Take a new connection in and wait for `events`; any thread.  False when epoll refuses (the caller
 * closes it). */
bool loop_add(struct loop *loop, struct connection *conn, uint32_t events) MUST_USE;

/* The connection leaves it, and its memory may go.  The owner's; can lose the loop. */
void loop_leave(struct loop *loop, struct connection *conn);

/* ---- batch.c: all the owner's, all can lose the loop ---- */

/* Send the replies gathered so far. */
void loop_flush(struct loop *loop);

/* The socket has bytes. */
void batch_begin(struct loop *loop, struct connection *conn);

/* The queue has drained: run the calls that waited. */
void batch_resume(struct loop *loop, struct connection *conn);

/* It is the connection's turn. */
void batch_turn(struct loop *loop, struct connection *conn);

/* Go on with the batch of a loop that another thread lost. */
void batch_continue(struct loop *loop);

/* ---- dial.c ---- */

static inline bool connection_is_dialled(const struct connection *conn)
{
    return conn->dial.hooks != NULL;
}

/* A connection that is not up yet came up, or failed.  The owner's, in answer to the connection's
 * own event; can lose the loop. */
void dial_event(struct loop *loop, struct connection *conn);

/* Its socket is about to be closed. */
void dial_closed(struct connection *conn);

/* ---- listener.c ---- */

struct listener {
    struct source source;
    int fd; /* -1: closed */
    uint16_t port;
};

/* Accept what there is, up to a bound; pauses on a lack of descriptors.  The owner's, of loop 0. */
void listener_accept(struct loop *loop, struct listener *listener);

/* Put the listeners into its epoll set. */
bool listeners_start(struct loop *loop) MUST_USE;

/* Go on accepting once the pause is over.  The owner's, of loop 0. */
void listeners_resume(struct loop *loop);

/* Accept no more.  The owner's, of loop 0, or when no loop runs. */
void listeners_close(struct transport *transport);

/* ---- workers ---- */

struct worker {
    pthread_t thread;
    struct transport *transport;
    /* The loop it owns.  Set by who gives it (with the pool's lock), cleared by itself. */
    struct loop *loop;
    struct call_frame *frame; /* the call it runs */
    uint64_t section;         /* what it put into loop->section */
    unsigned section_depth;
    bool in_section;
    bool in_share;          /* it is counted in transport.shares, unless it still has its loop */
    struct place place;     /* as which */
    int64_t alone_since_ns; /* since when its call has run without a loop; 0: not known yet */
    pthread_cond_t wake;
    struct worker *next_spare;
};

struct worker_pool {
    pthread_mutex_t lock;
    struct worker *spares;
    unsigned spare_count;
    unsigned live; /* threads that have not ended */
    _Atomic unsigned count;
    bool stopping;
    struct log_limit complaints; /* lines about threads that can't be made */
    struct worker *workers[LIMIT_WORKER_THREADS];

    pthread_t monitor;
    bool monitor_started;
    _Atomic bool monitor_stop;
    _Atomic bool monitor_asleep;
    pthread_mutex_t monitor_lock;
    pthread_cond_t monitor_wake;
};

extern _Thread_local struct worker *worker_self;

/* True while the calling thread, a worker, owns the loop. */
static inline bool loop_is_mine(const struct loop *loop)
{
    return worker_self->loop == loop;
}

/* Has a worker that lost its loop run on for a slice since it blocked last? */
bool worker_is_over(struct worker *worker, int64_t now_ns) MUST_USE;

void worker_pool_init(struct transport *transport);
void worker_pool_fini(struct transport *transport);

/* One worker for each loop, and the monitor.  0 or -errno. */
int worker_pool_start(struct transport *transport);

/* Tell all to end; false when some have not within `timeout_ms`. */
bool worker_pool_stop(struct transport *transport, int timeout_ms);

/* ---- the transport ---- */

struct transport {
    struct transport_config config;
    struct buffer_pool buffers;

    pthread_mutex_t frame_lock;
    struct call_frame *frames; /* free ones */
    unsigned frame_count;
    struct park_table parks;

    struct listener listeners[LIMIT_LISTENERS];
    unsigned listener_count;
    _Atomic unsigned listening;

    _Atomic uint64_t next_connection_id;
    _Atomic uint32_t connection_count; /* sockets open */
    _Atomic uint32_t dialled_count;    /* of these, made by us */
    _Atomic bool draining;             /* no more accepting, no more receiving */
    _Atomic bool cutting;              /* close whatever is still there */
    _Atomic bool stopping;
    bool started, stopped;

    struct worker_pool pool;
    struct share_table shares;
    struct counter_set *counters; /* by enum transport_counter */
    _Atomic uint32_t limits[TRANSPORT_LIMIT_COUNT];
    struct peer_table peers;
    struct unsent unsent;
    struct log_limit cuts;  /* lines about connections that were cut */
    int64_t ticked_ns;      /* the timer's */
    _Atomic int64_t now_ns; /* transport_now_ns() */
    unsigned loop_count;
    struct loop *loops;
};

static inline uint32_t transport_limit(const struct transport *transport,
                                       enum transport_limit limit)
{
    return atomic_load_explicit(&transport->limits[limit], memory_order_relaxed);
}

/* The same, of one in MiB; an eighth of the whole budget at the most. */
static inline size_t transport_limit_bytes(const struct transport *transport,
                                           enum transport_limit limit)
{
    size_t bytes = (size_t)transport_limit(transport, limit) << 20;
    uint64_t budget = memory_budget();

    return budget > 0 && bytes > budget / 8 ? budget / 8 : bytes;
}

/* The time by which waits are measured that end with a connection cut: it moves once a second. */
static inline int64_t transport_now_ns(const struct transport *transport)
{
    return atomic_load_explicit(&transport->now_ns, memory_order_relaxed);
}

static inline void transport_count(struct transport *transport, enum transport_counter counter,
                                   uint64_t n)
{
    counter_add(transport->counters, counter, n);
}
