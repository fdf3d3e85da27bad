/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/lane.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "client/client_seqid.h"

#define LANE_TIMEOUT_MS 20000
#define LANE_BUFFER_BYTES (512u << 10)
#define LANE_BUFFER_REPLIES 4u /* room for this many of the longest replies */
#define REPLY_OVERHEAD_BYTES 512u

static void put_u32(uint8_t *at, uint32_t value)
{
    uint32_t be = htobe32(value);

    memcpy(at, &be, sizeof(be));
}

/* OPEN_CONFIRM of what a slot has opened (RFC 7530 §16.18). */
static void build_confirm(const struct bench_work *work, const struct lane_slot *slot,
                          struct client_compound *c)
{
    struct nfs_argop4 op = {.argop = OP_OPEN_CONFIRM,
                            .opopen_confirm = {bench_stateid_mark, BENCH_SEQID_MARK}};

    (void)slot;
    client_op_putfh(c, &work->files[0].fh);
    client_compound_add(c, &op);
}

/* Handles of one directory have the same length. */
static void patch_confirm(struct lane_slot *slot, uint8_t *request)
{
    const struct client_fh *mark = &slot->lane->work.files[0].fh;
    uint32_t *at = &slot->patch_at[STAGE_CONFIRM][1];

    if (*at == 0)
        *at = bench_mark_find(slot, mark->data, mark->len);
    memcpy(request + *at, slot->fh.data, mark->len);
    bench_stateid_patch(slot, request);
}

static int take_confirm(struct lane_slot *slot, struct xdr *results)
{
    struct nfs_resop4 op;

    if (!wire_nfs_resop4(results, &op) || !wire_nfs_resop4(results, &op))
        return STAGE_ERROR;
    slot->stateid = op.opopen_confirm.open_stateid;
    return slot->confirmed;
}

static const struct bench_stage stage_confirm = {
    .build = build_confirm, .patch = patch_confirm, .take = take_confirm};

static const struct bench_stage *stage_of(const struct lane *lane, unsigned stage)
{
    return stage == STAGE_CONFIRM ? &stage_confirm : &lane->op->stages[stage];
}

/* Where an owner's seqid is in a request; 0: nowhere. */
static uint32_t owner_find(const struct lane_request *request)
{
    const uint32_t be = htobe32(BENCH_SEQID_MARK);
    const uint8_t *at = memmem(request->bytes, request->len, &be, sizeof(be));

    return at ? (uint32_t)(at - request->bytes) : 0;
}

/* Build the request of one stage, without the payload if the lane sends that separately. */
static void request_build(struct lane_slot *slot, unsigned stage, struct lane_request *request)
{
    struct lane *lane = slot->lane;
    const struct bench_stage *s = stage_of(lane, stage);
    struct wire_opaque args = {NULL, 0};
    struct client_compound c = {0};
    size_t size, header;

    if (!lane->op->bare) {
        if (lane->mount.v40)
            client_compound_begin(&c, client_text(""), 0);
        else
            client_compound_begin_slot(&c, &lane->mount.session, slot->index, s->cache_this);
        s->build(&lane->work, slot, &c);
        args = client_compound_args(&c);
    }
    size = RPC_RECORD_MARK_BYTES + CLIENT_CALL_HEADER_BYTES + args.len;
    request->bytes = must_malloc(size);
    size =
        client_call_encode(&lane->mount.conn.cred, 0, NFS4_PROGRAM, NFS_V4,
                           lane->op->bare ? NFSPROC4_NULL : NFSPROC4_COMPOUND, args.data, args.len,
                           request->bytes + RPC_RECORD_MARK_BYTES, size - RPC_RECORD_MARK_BYTES);
    header = size - args.len;
    rpc_record_mark_put(request->bytes, (uint32_t)size, true);
    request->len = (uint32_t)(RPC_RECORD_MARK_BYTES + size);
    if (s->payload && !lane->secure)
        request->len -= lane->work.payload_len;
    request->args_at = (uint32_t)(RPC_RECORD_MARK_BYTES + header);
    if (c.seqid_pos)
        request->seqid_at = (uint32_t)(RPC_RECORD_MARK_BYTES + header + c.seqid_pos);
    request->owner_at = lane->mount.v40 ? owner_find(request) : 0;
    if (c.buffer)
        client_compound_free(&c);
}

static void slots_build(struct lane *lane)
{
    lane->slots = must_calloc(lane->slot_count, sizeof(*lane->slots));
    for (uint32_t i = 0; i < lane->slot_count; i++) {
        struct lane_slot *slot = &lane->slots[i];

        slot->lane = lane;
        slot->index = i;
        slot->seqid = lane->mount.session.slots[i].seqid;
        slot->owner_seqid = 1;
        for (unsigned stage = 0; stage < lane->op->stage_count; stage++)
            request_build(slot, stage, &slot->requests[stage]);
        if (lane->mount.v40 && slot->requests[0].owner_at)
            request_build(slot, STAGE_CONFIRM, &slot->requests[STAGE_CONFIRM]);
    }
}

static bool trouble(const struct lane *lane, const char *what, enum nfsstat4 status)
{
    (void)fprintf(stderr, "mainstay-bench: %s: %s\n", what,
                  client_mount_failure(&lane->mount, status));
    return false;
}

bool lane_open(struct lane *lane, const struct bench_options *options, const struct bench_op *op,
               uint32_t index, struct histogram *latency)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_cred cred = {
        .uid = options->uid, .gid = options->gid, .security = &options->security};
    enum nfsstat4 status;
    size_t reply;

    memset(lane, 0, sizeof(*lane));
    lane->op = op;
    lane->latency = latency;
    lane->count = options->count;
    arena_init(&lane->reply.arena, 256 << 10);
    if (op->back)
        wish.callbacks = lane->callbacks = must_calloc(1, sizeof(*lane->callbacks));
    else
        wish.flags = 0; /* no delegations, which nothing here would return */
    wish.minor = options->minor;
    wish.fore.ca_maxrequests = options->slots;
    if (!op->in_server && options->size + 4096 > wish.fore.ca_maxrequestsize)
        wish.fore.ca_maxrequestsize = wish.fore.ca_maxresponsesize = options->size + 4096;
    status =
        options->minor == 0
            ? client_mount_open_v40(&lane->mount, options->target, LANE_TIMEOUT_MS, &cred, NULL)
            : client_mount_open(&lane->mount, options->target, LANE_TIMEOUT_MS, &cred, &wish);
    if (status != NFS4_OK)
        return trouble(lane, options->target, status);
    lane->slot_count = lane->mount.v40 || options->slots < lane->mount.session.slot_count
                           ? options->slots
                           : lane->mount.session.slot_count;
    lane->work = (struct bench_work){.options = options, .mount = &lane->mount, .lane = index};
    status = bench_work_setup(&lane->work, op);
    if (status != NFS4_OK)
        return trouble(lane, "set-up", status);
    lane->fd = lane->mount.conn.fd;
    lane->secure = lane->mount.conn.tls || lane->mount.conn.gss;
    if (lane->secure)
        client_conn_buffer(&lane->mount.conn);
    reply = (lane->mount.v40 ? (size_t)options->size + 4096
                             : lane->mount.session.fore.ca_maxresponsesize) +
            REPLY_OVERHEAD_BYTES;
    lane->in_size = LANE_BUFFER_BYTES;
    if (options->size > 0 && lane->in_size < LANE_BUFFER_REPLIES * reply)
        lane->in_size = LANE_BUFFER_REPLIES * reply;
    lane->in = must_malloc(lane->in_size);
    lane->out = must_calloc(2 * (size_t)lane->slot_count, sizeof(*lane->out));
    slots_build(lane);
    return true;
}

void lane_close(struct lane *lane)
{
    for (uint32_t i = 0; i < lane->slot_count && lane->slots; i++) {
        if (lane->fd == lane->mount.conn.fd)
            lane->mount.session.slots[i].seqid = lane->slots[i].seqid;
        for (unsigned stage = 0; stage < BENCH_STAGES; stage++)
            free(lane->slots[i].requests[stage].bytes);
    }
    if (lane->mount.conn.fd >= 0 && lane->busy == 0)
        bench_work_cleanup(&lane->work);
    client_mount_close(&lane->mount);
    free(lane->slots);
    free(lane->in);
    free(lane->out);
    free(lane->callbacks);
    arena_fini(&lane->reply.arena);
    free(lane->reply.plain);
}

/* Let the connection have a request, protected.  What goes wrong shows in lane_flush(). */
static void request_secure(struct lane *lane, const struct lane_request *request, uint32_t xid)
{
    struct client_conn *conn = &lane->mount.conn;
    struct client_bytes call;

    if (!conn->gss) {
        (void)!client_conn_send_raw(conn, request->bytes, request->len);
        return;
    }
    call = client_call_make(conn, xid, NFS4_PROGRAM, NFS_V4,
                            lane->op->bare ? NFSPROC4_NULL : NFSPROC4_COMPOUND,
                            request->bytes + request->args_at, request->len - request->args_at);
    (void)!client_conn_send_record(conn, call.data, call.len, 0);
    free(call.data);
}

/* Queue the request for the slot's stage. */
static void slot_queue(struct lane_slot *slot)
{
    struct lane *lane = slot->lane;
    const struct bench_stage *stage = stage_of(lane, slot->stage);
    struct lane_request *request = &slot->requests[slot->stage];

    slot->xid = ++slot->generation << 16 | slot->stage << 12 | slot->index;
    put_u32(request->bytes + RPC_RECORD_MARK_BYTES, slot->xid);
    if (request->seqid_at)
        put_u32(request->bytes + request->seqid_at, slot->seqid);
    if (request->owner_at)
        put_u32(request->bytes + request->owner_at, slot->owner_seqid);
    if (stage->patch)
        stage->patch(slot, request->bytes);
    slot->busy = true;
    if (lane->secure) {
        request_secure(lane, request, slot->xid);
        return;
    }
    lane->out[lane->out_to++] = (struct iovec){request->bytes, request->len};
    if (stage->payload)
        lane->out[lane->out_to++] = (struct iovec){lane->work.payload, lane->work.payload_len};
}

bool lane_start(struct lane *lane, int64_t now_ns)
{
    bool blocked;

    for (uint32_t i = 0; i < lane->slot_count; i++) {
        lane->slots[i].started_ns = now_ns;
        lane->slots[i].stage = 0;
        slot_queue(&lane->slots[i]);
        lane->busy++;
    }
    return lane_flush(lane, &blocked);
}

bool lane_flush(struct lane *lane, bool *blocked)
{
    *blocked = false;
    if (lane->secure)
        return client_conn_flush(&lane->mount.conn) == CLIENT_OK;
    while (lane->out_from < lane->out_to) {
        struct iovec *iov = &lane->out[lane->out_from];
        size_t left = lane->out_to - lane->out_from;
        struct msghdr msg = {.msg_iov = iov, .msg_iovlen = left < 1024 ? left : 1024};
        ssize_t n = sendmsg(lane->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EAGAIN) {
            *blocked = true;
            return true;
        }
        if (n < 0 && errno != EINTR)
            return false;
        while (n > 0 && (size_t)n >= lane->out[lane->out_from].iov_len)
            n -= (ssize_t)lane->out[lane->out_from++].iov_len;
        if (n > 0) {
            iov = &lane->out[lane->out_from];
            iov->iov_base = (uint8_t *)iov->iov_base + n;
            iov->iov_len -= (size_t)n;
        }
    }
    lane->out_from = lane->out_to = 0;
    return true;
}

/* The queue is an array that is emptied as a whole.  When its end is full, move the rest to the
 * front.  There is room then, since each slot has at most one request. */
static void queue_compact(struct lane *lane)
{
    uint32_t left = lane->out_to - lane->out_from;

    if (lane->out_from == 0)
        return;
    memmove(lane->out, lane->out + lane->out_from, left * sizeof(*lane->out));
    lane->out_from = 0;
    lane->out_to = left;
}

static int slot_take_compound(struct lane_slot *slot, struct xdr *x, enum nfsstat4 *status)
{
    const struct bench_stage *stage = stage_of(slot->lane, slot->stage);
    struct nfs_resop4 sequence;
    struct wire_opaque tag = {(const uint8_t *)"", 0};
    int next;

    *status = xdr_get_u32(x);
    xdr_opaque(x, &tag, NFS4_OPAQUE_LIMIT);
    xdr_get_u32(x); /* count */
    if (slot->requests[slot->stage].owner_at && client_owner_advances(*status))
        slot->owner_seqid = client_owner_next(slot->owner_seqid);
    if (!slot->lane->mount.v40 && (!wire_nfs_resop4(x, &sequence) || sequence.status != NFS4_OK))
        return STAGE_ERROR;
    slot->seqid++;
    if (*status != NFS4_OK)
        return STAGE_ERROR;
    next = stage->take ? stage->take(slot, x) : STAGE_NEXT;
    if (x->failed)
        return STAGE_ERROR;
    if (next == STAGE_NEXT)
        next = slot->stage + 1 < slot->lane->op->stage_count ? (int)slot->stage + 1 : STAGE_DONE;
    if (next >= 0 && slot->confirm) {
        slot->confirm = false;
        slot->confirmed = next;
        return STAGE_CONFIRM;
    }
    return next;
}

/* Decode a reply.  Returns the slot's next stage, or the result of the operation. */
static int slot_take(struct lane_slot *slot, const uint8_t *record, size_t len,
                     enum nfsstat4 *status)
{
    struct client_reply *reply = &slot->lane->reply;

    *status = NFS4ERR_SERVERFAULT;
    arena_reset(&reply->arena);
    free(reply->plain);
    reply->plain = NULL;
    xdr_init_decode(&reply->results, record, len, &reply->arena);
    if (!wire_rpc_reply_header(&reply->results, &reply->header) ||
        reply->header.stat != MSG_ACCEPTED || reply->header.accept_stat != ACCEPT_SUCCESS)
        return STAGE_ERROR;
    if (slot->lane->secure && !client_gss_call_check(&slot->lane->mount.conn, reply))
        return STAGE_ERROR;
    if (slot->lane->op->bare) {
        *status = NFS4_OK;
        return STAGE_DONE;
    }
    return slot_take_compound(slot, &reply->results, status);
}

static void error_note(struct lane *lane, enum nfsstat4 status)
{
    if (lane->errors++ == 0)
        lane->first_error = status;
}

/* NFS4ERR_DELAY repeats the stage; any other error ends the operation. */
static void slot_reply(struct lane_slot *slot, const uint8_t *record, size_t len, int64_t now_ns)
{
    struct lane *lane = slot->lane;
    enum nfsstat4 status;
    int next = slot_take(slot, record, len, &status);

    if (next >= 0) {
        slot->stage = (unsigned)next;
    } else if (next == STAGE_ERROR && status == NFS4ERR_DELAY) {
        error_note(lane, status);
    } else {
        if (next == STAGE_ERROR)
            error_note(lane, status);
        else
            lane->done++;
        histogram_add(lane->latency, (uint64_t)(now_ns - slot->started_ns));
        slot->stage = 0;
        slot->started_ns = now_ns;
        if (lane->count > 0 && lane->done >= lane->count)
            lane->stopping = true;
        if (lane->stopping || next == STAGE_LAST) {
            slot->busy = false;
            lane->busy--;
            return;
        }
    }
    slot_queue(slot);
}

/* A callback, which is not answered: what it is about is returned soon anyway. */
static bool is_call(const uint8_t *record, uint32_t len)
{
    uint32_t direction;

    if (len < 8)
        return false;
    memcpy(&direction, record + 4, sizeof(direction));
    return be32toh(direction) == RPC_MSG_CALL;
}

/* Handle each complete record in the buffer.  False if one does not match a request. */
static bool records_handle(struct lane *lane, int64_t now_ns)
{
    while (lane->in_to - lane->in_from >= RPC_RECORD_MARK_BYTES + 4) {
        const uint8_t *at = lane->in + lane->in_from;
        bool last;
        uint32_t len = rpc_record_mark_get(at, &last), xid;

        if (!last || len < 4 || len + RPC_RECORD_MARK_BYTES > lane->in_size)
            return false;
        if (lane->in_to - lane->in_from < len + RPC_RECORD_MARK_BYTES)
            break;
        at += RPC_RECORD_MARK_BYTES;
        memcpy(&xid, at, sizeof(xid));
        xid = be32toh(xid);
        lane->in_from += len + RPC_RECORD_MARK_BYTES;
        if (is_call(at, len))
            continue;
        if ((xid & 0xfff) >= lane->slot_count || !lane->slots[xid & 0xfff].busy ||
            lane->slots[xid & 0xfff].xid != xid)
            return false;
        slot_reply(&lane->slots[xid & 0xfff], at, len, now_ns);
    }
    return true;
}

/* Move the rest of a record to the front if little room is left after it. */
static void buffer_compact(struct lane *lane)
{
    size_t left = lane->in_to - lane->in_from;

    if (left > 0 && lane->in_size - lane->in_to >= lane->in_size / 2)
        return;
    memmove(lane->in, lane->in + lane->in_from, left);
    lane->in_from = 0;
    lane->in_to = left;
}

/* Like recv(). */
static ssize_t lane_receive(struct lane *lane)
{
    uint8_t *at = lane->in + lane->in_to;
    const size_t room = lane->in_size - lane->in_to;

    return lane->secure ? client_conn_receive(&lane->mount.conn, at, room)
                        : recv(lane->fd, at, room, MSG_DONTWAIT);
}

bool lane_readable(struct lane *lane, int64_t now_ns)
{
    ssize_t n;
    bool blocked;

    do {
        n = lane_receive(lane);
        if (n == 0)
            return false;
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        lane->in_to += (size_t)n;
        queue_compact(lane);
        if (!records_handle(lane, now_ns))
            return false;
        buffer_compact(lane);
        if (!lane_flush(lane, &blocked))
            return false;
    } while (lane->secure && client_conn_ready(&lane->mount.conn));
    return true;
}

/* Send the stage of slot 0 and wait for its reply, on the mount's own connection. */
static bool sample_stage(struct lane *lane, struct client_record **record)
{
    struct lane_slot *slot = &lane->slots[0];

    slot_queue(slot);
    for (; lane->out_from < lane->out_to; lane->out_from++) {
        struct iovec *iov = &lane->out[lane->out_from];

        if (client_conn_send_raw(&lane->mount.conn, iov->iov_base, iov->iov_len) != CLIENT_OK)
            return false;
    }
    lane->out_from = lane->out_to = 0;
    return client_conn_receive_record(&lane->mount.conn, record) == CLIENT_OK;
}

/* RPC header 24, status, tag length, count, operation and status, session ID */
#define REPLY_SEQID_AT (24u + 12u + 8u + NFS4_SESSIONID_SIZE)

/* The operation once, stage by stage. */
static bool sample_all(struct lane *lane, struct lane_canned canned[BENCH_STAGES])
{
    struct lane_slot *slot = &lane->slots[0];
    unsigned stage;
    int next = 0;

    while (next >= 0) {
        struct client_record *record;
        enum nfsstat4 status;

        slot->stage = stage = (unsigned)next;
        if (!sample_stage(lane, &record))
            return false;
        next = slot_take(slot, record->data, record->len, &status);
        if (next == STAGE_ERROR) {
            free(record);
            return trouble(lane, "sample", status);
        }
        free(canned[stage].bytes);
        canned[stage].bytes = must_malloc(record->len);
        memcpy(canned[stage].bytes, record->data, record->len);
        canned[stage].len = (uint32_t)record->len;
        if (slot->requests[stage].seqid_at) {
            canned[stage].seqid_at = REPLY_SEQID_AT;
            canned[stage].request_seqid_at = slot->requests[stage].seqid_at - RPC_RECORD_MARK_BYTES;
        }
        free(record);
    }
    return true;
}

bool lane_sample(struct lane *lane, struct lane_canned canned[BENCH_STAGES])
{
    struct lane_slot *slot = &lane->slots[0];

    /* In minor version 0, the second OPEN need not be confirmed any more. */
    if (!sample_all(lane, canned) || (lane->mount.v40 && !sample_all(lane, canned)))
        return false;
    slot->busy = false;
    slot->stage = 0;
    lane->mount.session.slots[0].seqid = slot->seqid;
    return true;
}
