/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test.h"

#include "gss_server.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/nfs4_const.h"
#include "wire/rpc_msg.h"

#define RECORD_BYTES (2u << 20)

static const uint8_t handle[] = {0xc0, 0xff, 0xee, 1, 2, 3, 4, 5};

static bool read_all(int fd, uint8_t *at, size_t len)
{
    while (len > 0) {
        ssize_t n = read(fd, at, len);

        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static uint32_t record_receive(int fd, uint8_t *record)
{
    uint8_t mark[RPC_RECORD_MARK_BYTES];
    uint32_t len;
    bool last;

    if (!read_all(fd, mark, sizeof(mark)))
        return 0;
    len = rpc_record_mark_get(mark, &last);
    return len <= RECORD_BYTES && read_all(fd, record, len) ? len : 0;
}

static void record_send(int fd, uint8_t *record, size_t len)
{
    rpc_record_mark_put(record, (uint32_t)len, true);
    (void)!write(fd, record, len + RPC_RECORD_MARK_BYTES);
}

static gss_buffer_desc mic_of(struct gss_server *server, const void *data, size_t len)
{
    gss_buffer_desc in = {len, (void *)data}, mic = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;

    (void)gss_get_mic(&minor, server->context, GSS_C_QOP_DEFAULT, &in, &mic);
    return mic;
}

static bool mic_verify(struct gss_server *server, const void *data, size_t len,
                       const struct wire_opaque *mic)
{
    gss_buffer_desc in = {len, (void *)data}, token = {mic->len, (void *)mic->data};
    OM_uint32 minor;

    return gss_verify_mic(&minor, server->context, &in, &token, NULL) == GSS_S_COMPLETE;
}

/* A reply up to the results, with the MIC of `number`. */
static void reply_begin(struct gss_server *server, struct xdr *x, uint32_t xid, uint32_t number)
{
    const uint32_t be = htobe32(number);
    gss_buffer_desc mic = mic_of(server, &be, sizeof(be));
    struct rpc_reply_header header = {.xid = xid, .stat = MSG_ACCEPTED};
    OM_uint32 minor;

    if (!server->no_verf && mic.length > 0) {
        if (server->bad_verf)
            ((uint8_t *)mic.value)[mic.length - 1] ^= 1;
        header.verf = (struct opaque_auth){RPCSEC_GSS, {mic.value, (uint32_t)mic.length}};
    }
    (void)wire_rpc_reply_header(x, &header);
    gss_release_buffer(&minor, &mic);
}

/* ---- contexts ---- */

static void caller_note(struct gss_server *server, gss_name_t name)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;

    (void)gss_display_name(&minor, name, &text, NULL);
    (void)snprintf(server->caller, sizeof(server->caller), "%.*s", (int)text.length,
                   text.value ? (const char *)text.value : "");
    gss_release_buffer(&minor, &text);
    gss_release_name(&minor, &name);
}

static void init_answer(struct gss_server *server, struct xdr *in, struct xdr *out, uint32_t xid)
{
    struct rpc_gss_init_arg arg = {{NULL, 0}};
    struct rpc_gss_init_res res = {.handle = {handle, sizeof(handle)}, .seq_window = 128};
    gss_buffer_desc token, answer = GSS_C_EMPTY_BUFFER;
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 minor;

    (void)wire_rpc_gss_init_arg(in, &arg);
    token = (gss_buffer_desc){arg.gss_token.len, (void *)arg.gss_token.data};
    gss_delete_sec_context(&minor, &server->context, GSS_C_NO_BUFFER);
    res.gss_major =
        gss_accept_sec_context(&res.gss_minor, &server->context, GSS_C_NO_CREDENTIAL, &token,
                               GSS_C_NO_CHANNEL_BINDINGS, &name, NULL, &answer, NULL, NULL, NULL);
    server->contexts += res.gss_major == GSS_S_COMPLETE;
    if (GSS_ERROR(res.gss_major))
        res.handle.len = 0;
    res.gss_token = (struct wire_opaque){answer.value, (uint32_t)answer.length};
    caller_note(server, name);
    reply_begin(server, out, xid, 128);
    (void)wire_rpc_gss_init_res(out, &res);
    gss_release_buffer(&minor, &answer);
}

/* ---- calls ---- */

/* The arguments behind the sequence number; *plain is to be released. */
static struct wire_opaque args_open(struct gss_server *server, struct xdr *in,
                                    gss_buffer_desc *plain)
{
    struct wire_opaque args = {in->p, (uint32_t)xdr_left(in)};
    struct rpc_gss_integ_data integ;
    struct rpc_gss_priv_data priv;
    OM_uint32 minor;
    uint32_t seq;

    if (server->cred.service == RPC_GSS_SVC_NONE)
        return args;
    if (server->cred.service == RPC_GSS_SVC_INTEGRITY && wire_rpc_gss_integ_data(in, &integ) &&
        mic_verify(server, integ.databody_integ.data, integ.databody_integ.len, &integ.checksum)) {
        args = integ.databody_integ;
    } else if (server->cred.service == RPC_GSS_SVC_PRIVACY && wire_rpc_gss_priv_data(in, &priv)) {
        gss_buffer_desc token = {priv.databody_priv.len, (void *)priv.databody_priv.data};

        if (gss_unwrap(&minor, server->context, &token, plain, NULL, NULL) != GSS_S_COMPLETE)
            server->wrong |= GSS_CALL_BODY;
        args = (struct wire_opaque){plain->value, (uint32_t)plain->length};
    } else {
        server->wrong |= GSS_CALL_BODY;
    }
    if (server->wrong & GSS_CALL_BODY || args.len < 4)
        return (struct wire_opaque){NULL, 0};
    memcpy(&seq, args.data, sizeof(seq));
    if (be32toh(seq) != server->cred.seq_num)
        server->wrong |= GSS_CALL_INNER_SEQ;
    return (struct wire_opaque){args.data + 4, args.len - 4};
}

/* Echo the arguments, protected as they were. */
static void results_seal(struct gss_server *server, struct xdr *out, const struct wire_opaque *args)
{
    const uint32_t seq = htobe32(server->cred.seq_num + server->other_seq);
    gss_buffer_desc plain = {args->len + 4, malloc(args->len + 4)}, sealed = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;

    memcpy(plain.value, &seq, sizeof(seq));
    if (args->len)
        memcpy((uint8_t *)plain.value + 4, args->data, args->len);
    if (server->cred.service == RPC_GSS_SVC_INTEGRITY)
        sealed = mic_of(server, plain.value, plain.length);
    else
        (void)gss_wrap(&minor, server->context, 1, GSS_C_QOP_DEFAULT, &plain, NULL, &sealed);
    if (server->bad_body)
        ((uint8_t *)sealed.value)[sealed.length - 1] ^= 1;
    if (server->cred.service == RPC_GSS_SVC_INTEGRITY)
        xdr_opaque(out, &(struct wire_opaque){plain.value, (uint32_t)plain.length}, UINT32_MAX);
    xdr_opaque(out, &(struct wire_opaque){sealed.value, (uint32_t)sealed.length}, UINT32_MAX);
    gss_release_buffer(&minor, &sealed);
    free(plain.value);
}

static void call_answer(struct gss_server *server, const uint8_t *record, struct xdr *in,
                        struct xdr *out, const struct rpc_call_header *call)
{
    gss_buffer_desc plain = GSS_C_EMPTY_BUFFER;
    struct wire_opaque args;
    OM_uint32 minor;
    size_t signed_len = (size_t)(call->cred.body.data - record) + xdr_padded(call->cred.body.len);

    server->wrong = 0;
    if (server->cred.handle.len != sizeof(handle) ||
        memcmp(server->cred.handle.data, handle, sizeof(handle)) != 0)
        server->wrong |= GSS_CALL_HANDLE;
    if (call->verf.flavor != RPCSEC_GSS ||
        !mic_verify(server, record, signed_len, &call->verf.body))
        server->wrong |= GSS_CALL_MIC;
    server->destroyed += server->cred.proc == RPCSEC_GSS_DESTROY;
    args = args_open(server, in, &plain);
    reply_begin(server, out, call->xid, server->cred.seq_num);
    if (server->cred.proc == RPCSEC_GSS_DATA && server->cred.service > RPC_GSS_SVC_NONE)
        results_seal(server, out, &args);
    else if (args.len)
        memcpy(xdr_take(out, args.len), args.data, args.len);
    gss_release_buffer(&minor, &plain);
}

static void *run(void *arg)
{
    struct gss_server *server = arg;
    uint8_t *record = malloc(RECORD_BYTES), *reply = malloc(RECORD_BYTES);
    struct rpc_call_header call;
    struct xdr in, out, cred;
    uint32_t len;

    while ((len = record_receive(server->fd, record)) > 0) {
        xdr_init_decode(&in, record, len, NULL);
        xdr_init_encode(&out, reply + RPC_RECORD_MARK_BYTES, RECORD_BYTES - RPC_RECORD_MARK_BYTES);
        if (!wire_rpc_call_header(&in, &call))
            break;
        xdr_init_decode(&cred, call.cred.body.data, call.cred.body.len, NULL);
        if (!wire_rpc_gss_cred(&cred, &server->cred))
            break;
        if (server->cred.proc == RPCSEC_GSS_INIT)
            init_answer(server, &in, &out, call.xid);
        else
            call_answer(server, record, &in, &out, &call);
        server->calls++;
        record_send(server->fd, reply, xdr_pos(&out));
    }
    (void)shutdown(server->fd, SHUT_RDWR);
    free(record);
    free(reply);
    return NULL;
}

void gss_server_start(struct gss_server *server)
{
    int fds[2];

    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    client_conn_adopt(&server->conn, fds[0], 60000);
    server->fd = fds[1];
    assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
}

void gss_server_stop(struct gss_server *server)
{
    OM_uint32 minor;

    client_conn_close(&server->conn);
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    gss_delete_sec_context(&minor, &server->context, GSS_C_NO_BUFFER);
    close(server->fd);
}
