/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that make contexts while the keytab's file system does not answer: they take a share of the
 * threads, further ones are refused at once, and all others are served.  No KDC is needed.
 */
#include <unistd.h>

#include "gss/gss_accept.h"
#include "lib/test.h"
#include "lib/wait.h"
#include "rpc_server.h"
#include "wire/rpc_msg.h"
#include "wire/rpcsec_gss.h"

enum {
    CALLS = 4 * LIMIT_WORKER_THREADS,
    MARK_BYTES = 4
};

static struct rpc_server server;
static struct transport_gss gss;
static struct gss_credential *credential;
static _Atomic unsigned entered;

/* Before the keytab is opened. */
static void hang(void)
{
    (void)atomic_fetch_add(&entered, 1);
    rpc_server_gate_wait(&server);
}

static int set_up(void **state)
{
    (void)state;
    atomic_store(&entered, 0);
    credential = gss_credential_create("/nonexistent/keytab");
    gss.table = gss_table_create(&(struct gss_table_settings){0});
    gss.acceptor = gss_acceptor_create(credential, gss.table);
    gss.begin = hang;
    rpc_server_start_gss(&server, &gss);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rpc_server_stop(&server);
    gss_acceptor_destroy(gss.acceptor);
    gss_table_destroy(gss.table);
    gss_credential_destroy(credential);
    return 0;
}

static void init_send(int fd, uint32_t xid)
{
    const struct rpc_gss_init_arg arg = {{(const uint8_t *)"token", 5}};
    const struct rpc_gss_cred cred = {.version = RPCSEC_GSS_VERSION, .proc = RPCSEC_GSS_INIT};
    struct rpc_call_header header = {
        .xid = xid, .rpcvers = RPC_VERSION, .prog = TEST_PROGRAM, .vers = TEST_VERSION_LOW};
    uint8_t body[64], record[256];
    struct xdr b, x;

    xdr_init_encode(&b, body, sizeof(body));
    assert_true(wire_rpc_gss_cred(&b, &(struct rpc_gss_cred){cred.version, cred.proc, 0, 0, {0}}));
    header.cred = (struct opaque_auth){RPCSEC_GSS, {body, (uint32_t)xdr_pos(&b)}};
    xdr_init_encode(&x, record, sizeof(record));
    xdr_put_u32(&x, 0);
    wire_rpc_call_header(&x, &header);
    assert_true(wire_rpc_gss_init_arg(&x, &(struct rpc_gss_init_arg){arg.gss_token}));
    xdr_patch_u32(&x, 0, 0x80000000u | (uint32_t)(xdr_pos(&x) - MARK_BYTES));
    client_send(fd, record, xdr_pos(&x));
}

/* The answer is an accepted reply without a handle; returns its major status. */
static uint32_t init_receive(int fd)
{
    uint8_t record[256];
    size_t len = client_receive_record(fd, record, sizeof(record));
    struct rpc_gss_init_res res;
    uint32_t word = 0;
    struct xdr x;

    xdr_init_decode(&x, record, len, NULL);
    for (uint32_t i = 0; i < 6; i++) /* xid, REPLY, accepted, a verifier of AUTH_NONE, SUCCESS */
        assert_true(xdr_u32(&x, &word));
    assert_int_equal(word, ACCEPT_SUCCESS);
    assert_true(wire_rpc_gss_init_res(&x, &res));
    assert_int_equal(res.handle.len, 0);
    return res.gss_major;
}

static uint64_t refused(enum gss_refusal refusal)
{
    return gss_acceptor_refused(gss.acceptor, refusal);
}

static void the_keytab_hangs(void **state)
{
    int fd = client_connect(&server), other = client_connect(&server);
    uint64_t put_off;

    (void)state;
    for (uint32_t i = 0; i < CALLS; i++)
        init_send(fd, i);
    wait_until(atomic_load(&entered) + refused(GSS_REFUSAL_crowded) == CALLS);
    put_off = refused(GSS_REFUSAL_crowded);
    assert_in_range(atomic_load(&entered), 1, LIMIT_WORKER_THREADS / 3);
    client_ping(other, 1);
    rpc_server_open_gate(&server);
    for (uint32_t i = 0; i < CALLS; i++)
        assert_int_not_equal(init_receive(fd), 0);
    assert_int_equal(refused(GSS_REFUSAL_no_keytab), CALLS - put_off);
    wait_until(rpc_server_stats(&server).blocked_threads == 0);
    init_send(other, 2);
    (void)init_receive(other);
    assert_int_equal(refused(GSS_REFUSAL_crowded), put_off);
    close(fd);
    close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_keytab_hangs, set_up, tear_down),
    };

    return test_group_run(tests);
}
