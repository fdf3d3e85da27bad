/* SPDX-License-Identifier: Apache-2.0 */
/* RPC by hand over a blocking socket; the server is the real one, with mem as its backend. */
#include "v41_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "backend/mem/mem.h"
#include "base/check.h"
#include "export/export_table.h"
#include "lib/coverage.h"
#include "lib/test.h"
#include "proto/nfs4_program.h"
#include "state/client/client.h"
#include "state/open/open_revoke.h"
#include "transport/transport.h"
#include "wire/op_table.h"

struct server test_server;
int v41_fd;
void (*v41_backend_made)(struct vfs *fs);
void (*v41_call_comes)(struct rpc_call *call);
const char *v41_export;
uint32_t v41_minor = 1;
uint32_t v41_clients_max;

static struct transport *transport;
static struct rpc_program program;
static struct arena arena;

static void export_add(const char *text)
{
    const struct mem_options options = {.bytes_max = 64u << 20, .root_mode = 0777};
    struct vfs *fs = mem_create(&options);
    struct export_spec spec;
    char error[256];

    if (v41_backend_made)
        v41_backend_made(fs);
    assert_true(export_spec_parse(text, &spec, error, sizeof(error)));
    assert_true(export_table_add(test_server.exports, &spec, fs, error, sizeof(error)));
    export_spec_fini(&spec);
}

static enum rpc_result dispatch(struct rpc_call *call, void *context)
{
    if (v41_call_comes)
        v41_call_comes(call);
    return nfs4_dispatch(call, context);
}

int v41_set_up(void **unused)
{
    const struct state_config config = {
        .lease_s = LEASE_S, .server_owner = "test-server", .clients_max = v41_clients_max};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    (void)unused;
    (void)coverage_file(); /* a file of an earlier run is removed in any case */
    arena_init(&arena, 4096);
    test_server.exports = export_table_create();
    export_add(v41_export ? v41_export : "/=mem:,no_root_squash");
    test_server.state = state_create(&config);
    test_server.lease_s = LEASE_S;
    nfs4_start(&test_server);
    atomic_store(&test_server.minors, MINOR_RANGE_BUILT);
    program = (struct rpc_program){NFS4_PROGRAM, NFS_V4,      NFS_V4,     dispatch,
                                   &test_server, nfs4_closed, nfs4_resume};
    const struct transport_config transport_config = {
        .loops = 2, .programs = &program, .program_count = 1};
    transport = transport_create(&transport_config);
    assert_non_null(transport);
    assert_int_equal(
        transport_listen(transport, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(transport_start(transport), 0);
    v41_fd = v41_connect();
    return 0;
}

int v41_tear_down(void **unused)
{
    (void)unused;
    close(v41_fd);
    transport_drain_stop(transport, 0);
    transport_destroy(transport);
    nfs4_stop(&test_server);
    state_destroy(test_server.state);
    export_table_destroy(test_server.exports);
    arena_fini(&arena);
    return 0;
}

struct transport_stats v41_transport_stats(void)
{
    struct transport_stats stats;

    transport_stats_read(transport, &stats);
    return stats;
}

int v41_connect(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(transport_port(transport, 0)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

void v41_begin(struct v41_call *call)
{
    call->procedure = NFSPROC4_COMPOUND;
    call->minor = v41_minor;
    call->uid = 0;
    call->xid = 0;
    call->machine = "";
    call->tag = "test";
    call->tag_len = 4;
    call->op_count = 0;
    call->arena = &arena;
    xdr_init_encode(&call->x, call->ops, sizeof(call->ops));
}

struct xdr *v41_op(struct v41_call *call, uint32_t op)
{
    xdr_put_u32(&call->x, op);
    call->op_count++;
    return &call->x;
}

void v41_put(struct v41_call *call, struct nfs_argop4 *op)
{
    call->op_count++;
    assert_true(wire_nfs_argop4(&call->x, op));
}

const struct nfs_resop4 *v41_last(struct v41_call *call)
{
    static struct nfs_resop4 result;

    v41_roundtrip(v41_fd, call);
    assert_int_equal(call->accept_stat, 0);
    assert_true(call->result_count > 0);
    for (uint32_t i = 0; i < call->result_count; i++)
        assert_true(wire_nfs_resop4(&call->results, &result));
    assert_int_equal(result.status, call->status);
    return &result;
}

void v41_put_last(struct v41_call *call, struct nfs_argop4 *op, enum nfsstat4 status)
{
    const struct nfs_resop4 *result;

    v41_put(call, op);
    result = v41_last(call);
    if (result->resop != op->argop || result->status != status)
        fail_msg("%s: %u instead of %u", op_info(op->argop)->name, result->status, status);
}

void v41_revoke(uint64_t clientid, enum nfsstat4 why, uint32_t opens)
{
    struct client *client = client_lookup(test_server.state, clientid);
    uint32_t count;

    assert_non_null(client);
    assert_true(open_client_revoke(client, why, &count));
    assert_int_equal(count, opens);
    client_put(client);
}

static void put_auth_sys(struct xdr *x, uint32_t uid, const char *machine)
{
    struct wire_opaque name = {(const uint8_t *)machine, (uint32_t)strlen(machine)};

    xdr_put_u32(x, RPC_AUTH_SYS);
    xdr_put_u32(x, 20 + (uint32_t)xdr_padded(name.len)); /* stamp, machine, uid, gid, no groups */
    xdr_put_u32(x, 0);
    xdr_opaque(x, &name, UINT32_MAX);
    xdr_put_u32(x, uid);
    xdr_put_u32(x, uid);
    xdr_put_u32(x, 0);
    xdr_put_u32(x, 0);
    xdr_put_u32(x, 0);
}

static void send_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        assert_true(n > 0);
        data += n;
        len -= (size_t)n;
    }
}

static void receive_all(int fd, uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = read(fd, data, len);

        assert_true(n > 0);
        data += n;
        len -= (size_t)n;
    }
}

static void send_call(int fd, const struct v41_call *call, uint32_t xid)
{
    static _Thread_local uint8_t record[CALL_BYTES + 4096];
    struct wire_opaque tag = {call->tag, call->tag_len};
    struct xdr x;

    assert_false(call->x.failed);
    xdr_init_encode(&x, record, sizeof(record));
    xdr_put_u32(&x, 0);
    xdr_put_u32(&x, xid);
    xdr_put_u32(&x, 0);
    xdr_put_u32(&x, 2);
    xdr_put_u32(&x, NFS4_PROGRAM);
    xdr_put_u32(&x, NFS_V4);
    xdr_put_u32(&x, call->procedure);
    put_auth_sys(&x, call->uid, call->machine ? call->machine : "");
    xdr_opaque(&x, &tag, UINT32_MAX);
    xdr_put_u32(&x, call->minor);
    xdr_put_u32(&x, call->op_count);
    memcpy(xdr_take(&x, xdr_pos(&call->x)), call->ops, xdr_pos(&call->x));
    xdr_patch_u32(&x, 0, 0x80000000u | (uint32_t)(xdr_pos(&x) - 4));
    send_all(fd, record, xdr_pos(&x));
}

void v41_send(int fd, const struct v41_call *call)
{
    send_call(fd, call, call->xid);
}

static void receive_reply(int fd, struct v41_call *call, uint32_t xid)
{
    static _Thread_local uint8_t record[sizeof(call->body) + 64];
    uint8_t mark[4];
    struct xdr x;
    uint32_t len;

    receive_all(fd, mark, 4);
    memcpy(&len, mark, 4);
    len = ntohl(len);
    assert_true(len & 0x80000000u);
    len &= 0x7fffffff;
    assert_true(len >= 24 && len <= sizeof(record));
    receive_all(fd, record, len);
    xdr_init_decode(&x, record, len, NULL);
    assert_int_equal(xdr_get_u32(&x), xid);
    assert_int_equal(xdr_get_u32(&x), 1);
    assert_int_equal(xdr_get_u32(&x), 0);
    assert_int_equal(xdr_get_u32(&x), 0);
    assert_int_equal(xdr_get_u32(&x), 0);
    call->accept_stat = xdr_get_u32(&x);
    call->body_len = (uint32_t)xdr_left(&x);
    memcpy(call->body, x.p, call->body_len);
}

static void reply_take(int fd, struct v41_call *call, uint32_t xid)
{
    receive_reply(fd, call, xid);
    if (call->arena)
        arena_reset(call->arena);
    xdr_init_decode(&call->results, call->body, call->body_len, call->arena);
    if (call->accept_stat != 0 || call->procedure != NFSPROC4_COMPOUND)
        return;
    coverage_note_body(call->minor, call->body, call->body_len);
    call->status = (enum nfsstat4)xdr_get_u32(&call->results);
    xdr_opaque(&call->results, &call->reply_tag, UINT32_MAX);
    call->result_count = xdr_get_u32(&call->results);
    assert_false(call->results.failed);
}

void v41_receive(int fd, struct v41_call *call)
{
    reply_take(fd, call, call->xid);
}

void v41_roundtrip(int fd, struct v41_call *call)
{
    static _Atomic uint32_t last_xid = 0x1000;
    uint32_t xid = call->xid ? call->xid : atomic_fetch_add(&last_xid, 1);

    send_call(fd, call, xid);
    reply_take(fd, call, xid);
}

enum nfsstat4 v41_result(struct v41_call *call, uint32_t op)
{
    assert_int_equal(xdr_get_u32(&call->results), op);
    enum nfsstat4 status = (enum nfsstat4)xdr_get_u32(&call->results);

    assert_false(call->results.failed);
    if (op == OP_SEQUENCE && status == NFS4_OK)
        xdr_take(&call->results, 36);
    return status;
}

void v41_args_exchange_id(struct xdr *x, const char *owner)
{
    struct EXCHANGE_ID4args args = {.eia_state_protect = {.spa_how = SP4_NONE}};

    args.eia_clientowner.co_ownerid =
        (struct wire_opaque){(const uint8_t *)owner, (uint32_t)strlen(owner)};
    wire_EXCHANGE_ID4args(x, &args);
}

struct channel_attrs4 v41_attrs(void)
{
    return (struct channel_attrs4){0, 8192, 8192, 4096, 16, 8, {0}, 0};
}

void v41_session_make(int fd, const char *owner, const struct channel_attrs4 *fore,
                      struct v41_session *session)
{
    static struct v41_call call;
    struct CREATE_SESSION4args args = {.csa_sequence = 1,
                                       .csa_fore_chan_attrs = fore ? *fore : v41_attrs(),
                                       .csa_back_chan_attrs = v41_attrs()};
    struct EXCHANGE_ID4resok exchange;

    v41_begin(&call);
    v41_args_exchange_id(v41_op(&call, OP_EXCHANGE_ID), owner);
    v41_roundtrip(fd, &call);
    assert_int_equal(v41_result(&call, OP_EXCHANGE_ID), NFS4_OK);
    assert_true(wire_EXCHANGE_ID4resok(&call.results, &exchange));
    session->clientid = args.csa_clientid = exchange.eir_clientid;
    v41_begin(&call);
    wire_CREATE_SESSION4args(v41_op(&call, OP_CREATE_SESSION), &args);
    v41_roundtrip(fd, &call);
    assert_int_equal(v41_result(&call, OP_CREATE_SESSION), NFS4_OK);
    assert_true(wire_CREATE_SESSION4resok(&call.results, &session->granted));
    memcpy(session->id, session->granted.csr_sessionid, NFS4_SESSIONID_SIZE);
    session->seqid = 1;
}

void v41_op_sequence(struct v41_call *call, const struct v41_session *session, uint32_t slot,
                     uint32_t seqid, bool cache)
{
    struct SEQUENCE4args args = {.sa_sequenceid = seqid,
                                 .sa_slotid = slot,
                                 .sa_highest_slotid = slot,
                                 .sa_cachethis = cache};

    memcpy(args.sa_sessionid, session->id, NFS4_SESSIONID_SIZE);
    wire_SEQUENCE4args(v41_op(call, OP_SEQUENCE), &args);
}

void v41_begin_in(struct v41_call *call, struct v41_session *session, bool cache)
{
    v41_begin(call);
    v41_op_sequence(call, session, 0, session->seqid++, cache);
}

void v41_op_lookup(struct v41_call *call, const char *name)
{
    struct LOOKUP4args args = {.objname = {(const uint8_t *)name, (uint32_t)strlen(name)}};

    wire_LOOKUP4args(v41_op(call, OP_LOOKUP), &args);
}

void v41_op_mkdir(struct v41_call *call, const char *name)
{
    struct CREATE4args args = {.objtype = {.type = NF4DIR},
                               .objname = {(const uint8_t *)name, (uint32_t)strlen(name)}};

    wire_CREATE4args(v41_op(call, OP_CREATE), &args);
}

void v41_op_getattr(struct v41_call *call, uint32_t word0)
{
    struct GETATTR4args args = {.attr_request = {.count = 1, .words = {word0}}};

    wire_GETATTR4args(v41_op(call, OP_GETATTR), &args);
}
