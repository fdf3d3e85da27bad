/* SPDX-License-Identifier: Apache-2.0 */
#include "courier.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/client_seqid.h"
#include "wire/nfs4_const.h"

enum {
    TIMEOUT_MS = 60000,
    TROUBLE_ONE_IN = 8,
    DELAY_MS = 1,
    RENEW_MS = 100
};

bool courier_open(struct courier *courier, const char *target, const struct client_cred *cred,
                  struct workload *work, unsigned number)
{
    char owner[96];
    struct client_session_wish wish;
    enum nfsstat4 status = NFS4ERR_SERVERFAULT;

    memset(courier, 0, sizeof(*courier));
    courier->target = target;
    courier->work = work;
    courier->random = random_from(work->seed, 1000 + number);
    (void)snprintf(owner, sizeof(owner), "%s client %u", work->path, number);
    wish = client_session_wish_default(owner);
    wish.fore.ca_maxrequests = COURIER_WISH;
    wish.flags &= ~(uint32_t)CREATE_SESSION4_FLAG_CONN_BACK_CHAN; /* no callbacks */
    courier->like_linux = number % 2 == 1;
    for (unsigned i = 0; i < COURIER_CONNS; i++) {
        courier->conns[i].fd = -1;
        if (client_conn_open(&courier->conns[i], target, TIMEOUT_MS) != CLIENT_OK)
            return false;
        courier->conns[i].cred = *cred;
    }
    if (client_session_open(&courier->conns[0], &wish, &courier->session, &status) != CLIENT_OK)
        return false;
    for (unsigned i = 0; i < WORKLOAD_LANES; i++) {
        lane_init(&courier->lanes[i], work, number, i);
        courier->lanes[i].clientid = courier->session.clientid;
    }
    courier->session.slot_count = CLIENT_SLOTS; /* the number of slots changes */
    return status == NFS4_OK;
}

void courier_close(struct courier *courier)
{
    enum nfsstat4 status;

    for (unsigned i = 0; i < WORKLOAD_LANES; i++) {
        struct request *q = &courier->requests[i];

        client_compound_free(&q->c);
        if (q->reply)
            client_result_free(q->reply);
        free(q->reply);
        memset(q, 0, sizeof(*q));
    }
    if (courier->conns[0].fd >= 0 &&
        client_session_destroy(&courier->conns[0], &courier->session, &status) != CLIENT_OK)
        lane_differs(&courier->lanes[0], "the session cannot be destroyed");
    for (unsigned i = 0; i < COURIER_CONNS; i++)
        client_conn_close(&courier->conns[i]);
}

void courier_fini(struct courier *courier)
{
    for (unsigned i = 0; i < WORKLOAD_LANES; i++)
        lane_fini(&courier->lanes[i]);
}

/* Cut a connection, with a reset or in good order, and make another one in its place. */
static void cut(struct courier *courier, unsigned at)
{
    struct client_conn *conn = &courier->conns[at];
    struct client_cred cred = conn->cred;

    if (random_one_in(&courier->random, 2))
        client_conn_abort(conn);
    else
        client_conn_close(conn);
    for (unsigned i = 0; i < WORKLOAD_LANES; i++) {
        courier->requests[i].resend |= courier->requests[i].on_way[at];
        courier->requests[i].on_way[at] = false;
    }
    if (client_conn_open(conn, courier->target, TIMEOUT_MS) != CLIENT_OK)
        lane_differs(&courier->lanes[0], "no connection");
    conn->cred = cred;
}

static void send_over(struct courier *courier, struct request *q, unsigned at)
{
    enum client_status status = client_compound_send(&courier->conns[at], &q->c, &q->xid[at]);

    q->sent++;
    q->resend = false;
    q->on_way[at] = true;
    if (status != CLIENT_OK)
        lane_differs(q->lane, "request not sent: %s", client_status_name(status));
}

/* Send a part of the record, never all of it; it may even end within the mark. */
static void send_part(struct courier *courier, struct request *q, unsigned at)
{
    struct wire_opaque args = client_compound_args(&q->c);
    struct client_conn *conn = &courier->conns[at];
    size_t size = RPC_RECORD_MARK_BYTES + CLIENT_CALL_HEADER_BYTES + args.len;
    uint8_t *record = must_malloc(size);
    size_t len = client_call_encode(&conn->cred, ++conn->xid, NFS4_PROGRAM, NFS_V4,
                                    NFSPROC4_COMPOUND, args.data, args.len,
                                    record + RPC_RECORD_MARK_BYTES, size - RPC_RECORD_MARK_BYTES);

    rpc_record_mark_put(record, (uint32_t)len, true);
    len = 1 + random_below(&courier->random, (uint32_t)len + RPC_RECORD_MARK_BYTES - 1);
    if (client_conn_send_raw(conn, record, len) != CLIENT_OK)
        lane_differs(q->lane, "part of a request not sent");
    free(record);
    q->sent++;
}

static void submit(struct courier *courier, struct request *q)
{
    unsigned at = random_below(&courier->random, COURIER_CONNS);

    courier->tale.troubles[q->trouble]++;
    switch (q->trouble) {
    case TROUBLE_REPLY_LOST:
        q->lose = 1 + random_below(&courier->random, 2);
        send_over(courier, q, at);
        break;
    case TROUBLE_CUT_BEHIND:
        send_over(courier, q, at);
        if (random_one_in(&courier->random, 2))
            poll(NULL, 0, 1);
        cut(courier, at);
        break;
    case TROUBLE_CUT_WITHIN:
        send_part(courier, q, at);
        cut(courier, at);
        break;
    case TROUBLE_TWICE:
        send_over(courier, q, at);
        send_over(courier, q, 1 - at);
        break;
    default:
        send_over(courier, q, at);
    }
}

static bool on_way(const struct request *q)
{
    return q->on_way[0] || q->on_way[1];
}

static bool slot_free(const struct courier *courier, uint32_t slot)
{
    for (unsigned i = 0; i < WORKLOAD_LANES; i++)
        if (courier->requests[i].active && courier->requests[i].c.slot == slot)
            return false;
    return true;
}

/* Slots that the client may use: those that the server named last, but not all possible ones. */
static uint32_t slots_usable(const struct courier *courier)
{
    uint32_t count = courier->session.target_highest_slot + 1;

    return count < COURIER_SLOTS ? count : COURIER_SLOTS;
}

/* Any free slot. False: all are in use. */
static bool pick_slot(struct courier *courier, uint32_t *slot)
{
    uint32_t count = slots_usable(courier), start = random_below(&courier->random, count);

    for (uint32_t i = 0; i < count; i++) {
        *slot = (start + i) % count;
        if (slot_free(courier, *slot))
            return true;
    }
    return false;
}

static void note_highest(struct courier *courier)
{
    courier->session.highest_in_use = 0;
    for (unsigned i = 0; i < WORKLOAD_LANES; i++)
        if (courier->requests[i].active &&
            courier->session.highest_in_use < courier->requests[i].c.slot)
            courier->session.highest_in_use = courier->requests[i].c.slot;
}

static enum trouble pick_trouble(struct courier *courier)
{
    if (!random_one_in(&courier->random, TROUBLE_ONE_IN))
        return TROUBLE_NONE;
    return (enum trouble)(1 + random_below(&courier->random, TROUBLE_KINDS - 1));
}

/* Send the lane's next step in a free slot. False: there is no step, or no slot. */
static bool start(struct courier *courier, unsigned number)
{
    struct request *q = &courier->requests[number];
    uint32_t slot;

    if (!pick_slot(courier, &slot))
        return false;
    note_highest(courier);
    q->lane = &courier->lanes[number];
    if (!lane_next(q->lane, &courier->session, slot, &q->c))
        return false;
    q->active = true;
    q->sent = q->lose = 0;
    q->resend = false;
    q->generation = courier->generation;
    q->trouble = pick_trouble(courier);
    submit(courier, q);
    return true;
}

static bool sequence_delayed(const struct client_result *r)
{
    return r->decoded == 1 && r->ops[0].resop == OP_SEQUENCE && r->ops[0].status == NFS4ERR_DELAY;
}

/* Is this the retry of a request whose reply was not to be cached (RFC 8881 §2.10.6.1.3)? */
static bool uncached(const struct request *q, const struct client_result *r)
{
    return !q->lane->step.cached && r->status == NFS4ERR_RETRY_UNCACHED_REP && r->decoded == 2 &&
           r->ops[0].status == NFS4_OK;
}

static bool same_bytes(const struct client_result *a, const struct client_result *b)
{
    return a->body.len == b->body.len && memcmp(a->body.data, b->body.data, a->body.len) == 0;
}

/* Another request under a seqid that is not the next: it must neither run nor change the cached
 * reply. */
static void request_falsely(struct courier *courier, struct request *q)
{
    static const uint32_t shifts[] = {0, 0, UINT32_MAX, 2};
    uint32_t shift = shifts[random_below(&courier->random, 4)];
    enum nfsstat4 expect = shift ? NFS4ERR_SEQ_MISORDERED : NFS4ERR_SEQ_FALSE_RETRY;
    struct client_conn *conn = &courier->conns[random_below(&courier->random, COURIER_CONNS)];
    enum client_status status = CLIENT_OK;
    struct client_compound c;
    struct client_result r;
    bool delayed = true;

    client_compound_begin_slot(&c, &courier->session, q->c.slot, true);
    client_op_putfh(&c, &q->lane->model.nodes[MODEL_ROOT].fh);
    client_op_create(&c, "false", NF4DIR, NULL, 0700);
    client_compound_set_seqid(&c, q->lane->seqid + shift);
    while (delayed && status == CLIENT_OK) {
        status = client_compound_call(conn, &c, &r);
        delayed = status == CLIENT_OK && sequence_delayed(&r);
        if (delayed)
            client_result_free(&r);
    }
    if (status != CLIENT_OK)
        lane_differs(q->lane, "false request: %s", client_status_name(status));
    else if (r.status != expect || r.decoded != 1)
        lane_differs(q->lane, "false request: %s instead of %s", status_name(r.status),
                     status_name(expect));
    client_result_free(&r);
    client_compound_free(&c);
}

/* Apply what a reply says about the number of slots. Half of the clients believe the last reply
 * that arrived; the others, like Linux, ignore replies to requests that are older than the last
 * change, and forget slots that were taken back, which begin again with seqid 1. */
static void note_slots(struct courier *courier, const struct request *q,
                       const struct SEQUENCE4resok *ok)
{
    struct client_session *session = &courier->session;
    bool change = ok->sr_target_highest_slotid != session->target_highest_slot ||
                  ok->sr_highest_slotid != session->highest_slot;

    if (change && courier->like_linux && q->generation != courier->generation) {
        session->slots[ok->sr_slotid].seqid = ok->sr_sequenceid + 1;
        return;
    }
    client_session_advance(session, ok);
    if (!change)
        return;
    courier->generation++;
    courier->tale.resizes++;
    for (uint32_t slot = ok->sr_highest_slotid + 1; slot < COURIER_SLOTS; slot++)
        if (courier->like_linux && slot_free(courier, slot))
            session->slots[slot].seqid = 1;
}

static void check_flags(const struct request *q, uint32_t flags)
{
    const uint32_t revoked = SEQ4_STATUS_EXPIRED_ALL_STATE_REVOKED |
                             SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED |
                             SEQ4_STATUS_ADMIN_STATE_REVOKED;

    if (flags & revoked)
        lane_differs(q->lane, "state was revoked, flags 0x%x", flags);
}

static void finish(struct courier *courier, struct request *q)
{
    struct client_result *r = q->reply;

    if (q->trouble == TROUBLE_FALSE)
        request_falsely(courier, q);
    note_slots(courier, q, &r->ops[0].opsequence);
    check_flags(q, r->ops[0].opsequence.sr_status_flags);
    if (uncached(q, r)) {
        /* It ran, but its result is lost: it has to run again as a new request. */
        courier->tale.uncached++;
        q->trouble = TROUBLE_NONE;
        q->generation = courier->generation;
        client_compound_set_seqid(&q->c, courier->session.slots[q->c.slot].seqid);
        q->lane->seqid++;
        submit(courier, q);
    } else {
        lane_finish(q->lane, r);
        client_compound_free(&q->c);
        q->active = false;
    }
    client_result_free(r);
    free(r);
    q->reply = NULL;
}

/* The first full reply is the valid one. */
static void accept(struct courier *courier, struct request *q, struct client_result *r)
{
    if (r->decoded == 0 || r->ops[0].status != NFS4_OK) {
        lane_differs(q->lane, "sent %u times: SEQUENCE is %s", q->sent, status_name(r->status));
    } else if (!q->reply) {
        q->reply = must_malloc(sizeof(*q->reply));
        *q->reply = *r;
        return;
    } else if (same_bytes(q->reply, r)) {
        courier->tale.replays++;
    } else if (uncached(q, q->reply) && !uncached(q, r)) {
        struct client_result other = *q->reply;

        *q->reply = *r;
        *r = other;
    } else if (!uncached(q, r)) {
        lane_differs(q->lane, "sent %u times: another reply, %s with %u bytes after %s with %u",
                     q->sent, status_name(r->status), r->body.len, status_name(q->reply->status),
                     q->reply->body.len);
    }
    client_result_free(r);
}

/* Send unanswered requests again, over the connection that did not fail. */
static void go_on(struct courier *courier, unsigned failed)
{
    for (unsigned i = 0; i < WORKLOAD_LANES; i++) {
        struct request *q = &courier->requests[i];

        if (!q->active || on_way(q))
            continue;
        if (q->reply && !q->resend)
            finish(courier, q);
        else
            send_over(courier, q, 1 - failed);
    }
}

static struct request *request_of(struct courier *courier, unsigned at, uint32_t xid)
{
    for (unsigned i = 0; i < WORKLOAD_LANES; i++) {
        struct request *q = &courier->requests[i];

        if (q->active && q->on_way[at] && q->xid[at] == xid)
            return q;
    }
    return NULL;
}

static void handle(struct courier *courier, unsigned at, struct client_result *r)
{
    struct request *q = request_of(courier, at, r->reply.header.xid);

    if (!q) {
        lane_differs(&courier->lanes[0], "a reply to nothing");
        client_result_free(r);
        return;
    }
    q->on_way[at] = false;
    if (sequence_delayed(r)) {
        courier->tale.delays++;
        client_result_free(r);
        q->resend = q->trouble == TROUBLE_REPLY_LOST;
        if (!on_way(q) && !q->reply)
            poll(NULL, 0, DELAY_MS);
    } else {
        accept(courier, q, r);
        if (q->lose > 0) {
            q->lose--;
            q->resend = true;
            cut(courier, at);
        }
    }
    go_on(courier, at);
}

/* Wait for a reply, unless one arrived earlier. -1: none came. */
static int wait_reply(struct courier *courier)
{
    struct pollfd fds[COURIER_CONNS];

    for (int i = 0; i < COURIER_CONNS; i++) {
        if (courier->conns[i].stash_count > 0)
            return i;
        fds[i] = (struct pollfd){.fd = courier->conns[i].fd, .events = POLLIN};
    }
    if (poll(fds, COURIER_CONNS, TIMEOUT_MS) <= 0)
        return -1;
    if (fds[0].revents && fds[1].revents)
        return (int)random_below(&courier->random, COURIER_CONNS);
    return fds[0].revents ? 0 : 1;
}

/* Receive the next reply on either connection. */
static void receive(struct courier *courier)
{
    int at = wait_reply(courier);
    enum client_status status;
    struct client_result r;

    if (at < 0) {
        lane_differs(&courier->lanes[0], "no answer");
        return;
    }
    status = client_result_receive_any(&courier->conns[at], &r);
    if (status == CLIENT_OK) {
        handle(courier, (unsigned)at, &r);
        return;
    }
    client_result_free(&r);
    lane_differs(&courier->lanes[0], "connection %d: %s", at, client_status_name(status));
}

/* A client that is done keeps its lease, since otherwise others may take its locks. */
static void linger(struct courier *courier)
{
    atomic_fetch_sub(&courier->work->clients_busy, 1);
    while (atomic_load(&courier->work->clients_busy) > 0 && !atomic_load(&courier->work->failed)) {
        enum nfsstat4 status;

        if (client_session_renew(&courier->conns[0], &courier->session, 0, &status) != CLIENT_OK ||
            (status != NFS4_OK && status != NFS4ERR_DELAY))
            lane_differs(&courier->lanes[0], "no renewal");
        poll(NULL, 0, RENEW_MS);
    }
}

void courier_run(struct courier *courier)
{
    bool busy = true;

    while (busy && !atomic_load(&courier->work->failed)) {
        busy = false;
        for (unsigned i = 0; i < WORKLOAD_LANES; i++)
            busy |= courier->requests[i].active || start(courier, i);
        go_on(courier, random_below(&courier->random, COURIER_CONNS));
        if (busy)
            receive(courier);
    }
    linger(courier);
}

void tale_add(struct tale *sum, const struct tale *tale)
{
    for (unsigned t = 0; t < TROUBLE_KINDS; t++)
        sum->troubles[t] += tale->troubles[t];
    sum->replays += tale->replays;
    sum->uncached += tale->uncached;
    sum->delays += tale->delays;
    sum->resizes += tale->resizes;
}
