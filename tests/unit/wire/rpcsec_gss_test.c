/* SPDX-License-Identifier: Apache-2.0 */
/* RPCSEC_GSS against bytes put together by hand from RFC 2203 §5.2 and §5.3. */
#include "golden.h"
#include "wire/rpcsec_gss.h"

#define HANDLE "00000008 0102030405060708 "
#define CRED "00000001 00000000 00000009 00000003 " HANDLE
#define INIT_RES HANDLE "000d0000 00000005 00000400 " NAME
#define INTEG "00000008 00000009 00000007 " NAME
#define PRIV NAME

static uint8_t bytes[GOLDEN_BYTES_MAX];

static struct xdr decoder(const char *hex)
{
    struct xdr x;

    xdr_init_decode(&x, bytes, golden_bytes(hex, bytes, sizeof(bytes)), NULL);
    return x;
}

/* `v` was decoded from `bytes`: encoded, it gives the same; and no part of them suffices. */
#define assert_round_trip(x, filter, v)                                                            \
    do {                                                                                           \
        size_t len_ = xdr_pos(&(x));                                                               \
        uint8_t again_[128];                                                                       \
                                                                                                   \
        EQ(xdr_left(&(x)), 0);                                                                     \
        xdr_init_encode(&(x), again_, sizeof(again_));                                             \
        assert_true(filter(&(x), &(v)));                                                           \
        EQ(xdr_pos(&(x)), len_);                                                                   \
        assert_memory_equal(again_, bytes, len_);                                                  \
        for (size_t cut_ = 0; cut_ < len_; cut_++) {                                               \
            xdr_init_decode(&(x), bytes, cut_, NULL);                                              \
            assert_false(filter(&(x), &(v)));                                                      \
        }                                                                                          \
    } while (0)

static void test_cred(void **state)
{
    struct xdr x = decoder(CRED);
    struct rpc_gss_cred v;

    (void)state;
    assert_true(wire_rpc_gss_cred(&x, &v));
    EQ(v.version, RPCSEC_GSS_VERSION);
    EQ(v.proc, RPCSEC_GSS_DATA);
    EQ(v.seq_num, 9);
    EQ(v.service, RPC_GSS_SVC_PRIVACY);
    EQ(v.handle.len, 8);
    EQ(v.handle.data[7], 8);
    assert_round_trip(x, wire_rpc_gss_cred, v);
}

/* What another version has behind its number is unknown. */
static void test_cred_version(void **state)
{
    struct xdr x = decoder("00000003");
    struct rpc_gss_cred v;

    (void)state;
    assert_true(wire_rpc_gss_cred(&x, &v));
    EQ(v.version, 3);
    EQ(v.service, 0);
    EQ(v.handle.len, 0);
}

/* A handle that is longer than credentials can be. */
static void test_cred_handle(void **state)
{
    struct xdr x = decoder("00000001 00000000 00000009 00000001 00000194 00000000");
    struct rpc_gss_cred v;

    (void)state;
    assert_false(wire_rpc_gss_cred(&x, &v));
    EQ(v.handle.len, 0);
}

static void test_init(void **state)
{
    struct xdr x = decoder(NAME);
    struct rpc_gss_init_arg arg;
    struct rpc_gss_init_res res;

    (void)state;
    assert_true(wire_rpc_gss_init_arg(&x, &arg));
    golden_text(&arg.gss_token, "abc");
    assert_round_trip(x, wire_rpc_gss_init_arg, arg);
    x = decoder(INIT_RES);
    assert_true(wire_rpc_gss_init_res(&x, &res));
    EQ(res.handle.len, 8);
    EQ(res.gss_major, 0xd0000);
    EQ(res.gss_minor, 5);
    EQ(res.seq_window, 1024);
    golden_text(&res.gss_token, "abc");
    assert_round_trip(x, wire_rpc_gss_init_res, res);
}

static void test_data(void **state)
{
    struct xdr x = decoder(INTEG);
    struct rpc_gss_integ_data integ;
    struct rpc_gss_priv_data priv;

    (void)state;
    assert_true(wire_rpc_gss_integ_data(&x, &integ));
    EQ(integ.databody_integ.len, 8);
    EQ(integ.databody_integ.data[3], 9);
    golden_text(&integ.checksum, "abc");
    assert_round_trip(x, wire_rpc_gss_integ_data, integ);
    x = decoder(PRIV);
    assert_true(wire_rpc_gss_priv_data(&x, &priv));
    golden_text(&priv.databody_priv, "abc");
    assert_round_trip(x, wire_rpc_gss_priv_data, priv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cred),        cmocka_unit_test(test_cred_version),
        cmocka_unit_test(test_cred_handle), cmocka_unit_test(test_init),
        cmocka_unit_test(test_data),
    };

    return test_group_run(tests);
}
