/* SPDX-License-Identifier: Apache-2.0 */
#include "back_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "state/client/client_exchange.h"
#include "state/session/session_create.h"
#include "state/session/session_end.h"
#include "state/session/session_status.h"
#include "transport/connection.h"

enum {
    TEST_PROGRAM = 100003,
};

struct back_fixture back;
static _Atomic(struct connection *) newest;
static _Atomic unsigned heard, closed;
struct client_caller back_caller = CLIENT_CALLER_SYS(1000);

/* ---- the server's end ---- */

static enum rpc_result dispatch(struct rpc_call *call, void *context)
{
    struct session_conn *conn = connection_user(call->conn, 0);

    (void)context;
    if (!conn) {
        conn = session_conn_create(call->conn);
        assert_ptr_equal(connection_user_init(call->conn, 0, conn), conn);
        atomic_store(&newest, call->conn);
    }
    atomic_fetch_add(&heard, 1);
    return RPC_DROP;
}

static void hook_closed(struct connection *conn, void *context)
{
    (void)context;
    session_conn_destroy(connection_user(conn, 0));
    connection_user_set(conn, 0, NULL);
    callback_closed(conn);
    atomic_fetch_add(&closed, 1);
}

int back_set_up(void **unused)
{
    const struct state_config config = {.lease_s = BACK_LEASE_S, .server_owner = "test"};
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct transport_config transport = {.loops = 2, .program_count = 1, .send_buffer_bytes = 4096};

    (void)unused;
    clock_stop();
    clock_advance_ns(NSEC_PER_SEC);
    back.state = state_create(&config);
    back.callback = callback_create(back.state, NULL);
    back.program = (struct rpc_program){.program = TEST_PROGRAM,
                                        .version_low = 4,
                                        .version_high = 4,
                                        .dispatch = dispatch,
                                        .closed = hook_closed};
    transport.programs = &back.program;
    transport.reply = callback_reply;
    transport.reply_context = back.callback;
    back.transport = transport_create(&transport);
    assert_non_null(back.transport);
    assert_int_equal(
        transport_listen(back.transport, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(transport_start(back.transport), 0);
    return 0;
}

int back_tear_down(void **unused)
{
    (void)unused;
    callback_stop(back.callback);
    assert_true(transport_drain_stop(back.transport, WAIT_PATIENCE_MS));
    transport_destroy(back.transport);
    state_destroy(back.state);
    callback_destroy(back.callback);
    return 0;
}

void back_pass_ms(int64_t ms)
{
    clock_advance_ns(ms * NSEC_PER_MSEC);
    callback_tick(back.callback, clock_now_ns());
}

/* ---- connections ---- */

static void null_send(int fd)
{
    struct rpc_call_header header = {
        .xid = 1, .rpcvers = RPC_VERSION, .prog = TEST_PROGRAM, .vers = 4, .proc = 0};
    uint8_t bytes[128];
    struct xdr x;

    xdr_init_encode(&x, bytes, sizeof(bytes));
    assert_true(wire_rpc_call_header(&x, &header));
    peer_send_record(fd, bytes, xdr_pos(&x));
}

void back_connect(struct back_conn *conn)
{
    const struct timeval timeout = {.tv_sec = WAIT_PATIENCE_MS / 1000};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons(transport_port(back.transport, 0))};
    unsigned before = atomic_load(&heard);
    const int small = 4096;

    conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(conn->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    assert_int_equal(connect(conn->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    setsockopt(conn->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    null_send(conn->fd);
    wait_until(atomic_load(&heard) > before);
    conn->transport = atomic_load(&newest);
    conn->conn = connection_user(conn->transport, 0);
}

void back_conn_close(struct back_conn *conn)
{
    unsigned before = atomic_load(&closed);

    close(conn->fd);
    wait_until(atomic_load(&closed) > before);
    conn->fd = -1;
}

void back_stir(struct back_conn *conn)
{
    unsigned before = atomic_load(&heard);

    clock_advance_ns(NSEC_PER_MSEC);
    null_send(conn->fd);
    wait_until(atomic_load(&heard) > before);
}

/* ---- sessions ---- */

static void session_begin(struct back_session *s, struct back_conn *conn,
                          void (*change)(struct CREATE_SESSION4args *args))
{
    static uint32_t gids[] = {7, 9};
    struct callback_sec_parms4 sec = {
        .cb_secflavor = AUTH_SYS,
        .cbsp_sys_cred = {.stamp = 13,
                          .machinename = {(const uint8_t *)"fake name", 9},
                          .uid = PEER_UID,
                          .gid = 19,
                          .gids = gids,
                          .gids_count = 2}};
    struct channel_attrs4 attrs = {0, 8192, 8192, 8192, 16, BACK_SLOTS, {0}, 0};
    struct CREATE_SESSION4args args = {.csa_clientid = s->clientid,
                                       .csa_sequence = s->sequence,
                                       .csa_flags = BACK_FLAG,
                                       .csa_fore_chan_attrs = attrs,
                                       .csa_back_chan_attrs = attrs,
                                       .csa_cb_program = PEER_PROGRAM,
                                       .csa_sec_parms = &sec,
                                       .csa_sec_parms_count = 1};
    struct CREATE_SESSION4resok res;

    if (change)
        change(&args);
    assert_int_equal(
        session_create(back.state, &back_caller, conn->conn, 1, &args, clock_now_ns(), &res),
        NFS4_OK);
    s->session = session_lookup(back.state, res.csr_sessionid);
    assert_non_null(s->session);
}

void back_session_make(struct back_session *s, struct back_conn *conn, const char *owner,
                       void (*change)(struct CREATE_SESSION4args *args))
{
    struct EXCHANGE_ID4args args = {.eia_state_protect = {.spa_how = SP4_NONE}};
    struct client_exchange made;

    args.eia_clientowner.co_ownerid =
        (struct wire_opaque){(const uint8_t *)owner, (uint32_t)strlen(owner)};
    assert_int_equal(
        client_exchange_id(back.state, &back_caller, NULL, &args, clock_now_ns(), &made), NFS4_OK);
    s->clientid = made.clientid;
    s->sequence = made.sequence;
    session_begin(s, conn, change);
}

void back_session_add(struct back_session *s, const struct back_session *first,
                      struct back_conn *conn, void (*change)(struct CREATE_SESSION4args *args))
{
    s->clientid = first->clientid;
    s->sequence = first->sequence + 1;
    session_begin(s, conn, change);
}

void back_session_destroy(struct back_session *s, struct back_conn *conn)
{
    assert_int_equal(session_destroy(back.state, s->session->id, conn->conn, NULL, 0), NFS4_OK);
}

void back_session_put(struct back_session *s)
{
    session_put(s->session);
    s->session = NULL;
}

void back_bind(struct back_session *s, struct back_conn *conn)
{
    enum channel_dir_from_server4 dir;

    assert_int_equal(session_conn_bind_request(conn->conn, s->session, CDFC4_BACK_OR_BOTH, &dir),
                     NFS4_OK);
    assert_int_equal(dir, CDFS4_BOTH);
}

/* ---- callbacks ---- */

static void done(enum callback_outcome outcome, const struct cb_reply *reply, void *arg)
{
    struct back_test_call *told = arg;

    CHECK((reply != NULL) == (outcome == CALLBACK_ANSWERED));
    atomic_store(&told->outcome, outcome);
    atomic_store(&told->status, reply ? reply->status : 0);
    atomic_store(&told->results, reply ? reply->result_count : 0);
    if (reply && reply->result_count)
        CHECK(reply->results[0].op == OP_CB_RECALL);
    atomic_fetch_add(&told->count, 1);
}

static struct cb_op recall_op(void)
{
    static const uint8_t fh[] = {1, 2, 3, 4, 5};

    return (struct cb_op){.op = OP_CB_RECALL,
                          .recall = {.stateid.seqid = 3, .fh = {fh, sizeof(fh)}}};
}

bool back_call(struct back_session *s, struct back_test_call *told,
               const struct session_call *after)
{
    struct cb_op op = recall_op();

    memset(told, 0, sizeof(*told));
    return callback_call(back.callback, s->session->client, &op, 1, after, done, told);
}

bool back_call_session(struct back_session *s, struct back_test_call *told,
                       const struct session_call *after)
{
    struct cb_op op = recall_op();

    memset(told, 0, sizeof(*told));
    return callback_call_session(back.callback, s->session, &op, 1, after, done, told);
}

bool back_call_slot(struct back_session *s, struct back_test_call *told)
{
    struct cb_op op = {.op = OP_CB_RECALL_SLOT};

    memset(told, 0, sizeof(*told));
    return callback_call_session(back.callback, s->session, &op, 1, NULL, done, told);
}

void back_wait_completed(struct back_test_call *told, enum callback_outcome outcome)
{
    wait_until(atomic_load(&told->count) > 0);
    assert_int_equal(atomic_load(&told->count), 1);
    assert_int_equal(atomic_load(&told->outcome), outcome);
}

static void lists_see(struct back_seen *seen)
{
    const struct referring_call_list4 *list = seen->sequence.csa_referring_call_lists;

    seen->list_count = seen->sequence.csa_referring_call_lists_count;
    seen->sequence.csa_referring_call_lists = NULL;
    if (seen->list_count == 0)
        return;
    assert_int_equal(list->rcl_referring_calls_count, 1);
    memcpy(seen->refers.sessionid, list->rcl_sessionid, NFS4_SESSIONID_SIZE);
    seen->refers.slotid = list->rcl_referring_calls->rc_slotid;
    seen->refers.sequenceid = list->rcl_referring_calls->rc_sequenceid;
}

void back_expect(struct back_conn *conn, struct back_seen *seen)
{
    struct peer_call call;

    memset(seen, 0, sizeof(*seen));
    peer_receive(conn->fd, &call);
    assert_int_equal(call.header.proc, CB_COMPOUND);
    assert_int_equal(call.op_count, 2);
    assert_int_equal(call.ident, 0);
    seen->xid = call.header.xid;
    seen->program = call.header.prog;
    seen->flavor = call.header.cred.flavor;
    seen->minor = call.minor;
    seen->uid = call.sys.uid;
    seen->gid = call.sys.gid;
    seen->gid_count = call.sys.gids_count;
    memcpy(seen->machine, call.sys.machinename.data, call.sys.machinename.len);
    assert_int_equal(xdr_get_u32(&call.x), OP_CB_SEQUENCE);
    assert_true(wire_CB_SEQUENCE4args(&call.x, &seen->sequence));
    assert_false(seen->sequence.csa_cachethis);
    lists_see(seen);
    assert_int_equal(xdr_get_u32(&call.x), OP_CB_RECALL);
    peer_call_fini(&call);
}

static void answer(struct back_conn *conn, const struct back_seen *seen, uint32_t highest,
                   uint32_t target, uint32_t recall)
{
    const struct CB_SEQUENCE4args *args = &seen->sequence;
    uint32_t words[16] = {recall, 0, 2, OP_CB_SEQUENCE, NFS4_OK};
    const uint32_t rest[] = {
        args->csa_sequenceid, args->csa_slotid, highest, target, OP_CB_RECALL, recall};
    struct xdr x;

    xdr_init_decode(&x, args->csa_sessionid, NFS4_SESSIONID_SIZE, NULL);
    for (int i = 0; i < 4; i++)
        words[5 + i] = xdr_get_u32(&x);
    memcpy(&words[9], rest, sizeof(rest));
    peer_reply(conn->fd, seen->xid, words, 15);
}

void back_answer(struct back_conn *conn, const struct back_seen *seen, uint32_t sequence,
                 uint32_t recall)
{
    const uint32_t words[] = {sequence, 0, 1, OP_CB_SEQUENCE, sequence};

    if (sequence == NFS4_OK)
        answer(conn, seen, BACK_SLOTS - 1, BACK_SLOTS - 1, recall);
    else
        peer_reply(conn->fd, seen->xid, words, ARRAY_SIZE(words));
}

void back_answer_limits(struct back_conn *conn, const struct back_seen *seen, uint32_t highest,
                        uint32_t target)
{
    answer(conn, seen, highest, target, NFS4_OK);
}

void back_expect_silence(struct back_conn *conn)
{
    struct pollfd ready = {.fd = conn->fd, .events = POLLIN};

    assert_int_equal(poll(&ready, 1, 0), 0);
}

struct callback_stats back_stats(void)
{
    struct callback_stats stats;

    callback_counters_read(back.callback->counters, &stats);
    return stats;
}

uint32_t back_flags(const struct back_session *s)
{
    return session_status_flags(s->session);
}
