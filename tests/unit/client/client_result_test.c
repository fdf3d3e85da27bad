/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder of whole COMPOUND replies that every client in the tests and tools uses. */
#include "lib/test.h"

#include <stdlib.h>
#include <string.h>

#include "client/client_result.h"
#include "client_pair.h"
#include "unit/wire/golden_tables.h"
#include "wire/op_table.h"

#define REPLY_BYTES 65536u

/* A COMPOUND4res with each of the golden results, one after the other. */
static size_t encode_all(uint8_t *bytes, uint32_t xid)
{
    struct rpc_reply_header header = {.xid = xid, .stat = MSG_ACCEPTED};
    struct wire_opaque tag = {(const uint8_t *)"all", 3};
    struct xdr x;

    xdr_init_encode(&x, bytes, REPLY_BYTES);
    wire_rpc_reply_header(&x, &header);
    xdr_put_u32(&x, NFS4_OK);
    xdr_opaque(&x, &tag, 3);
    xdr_put_u32(&x, (uint32_t)golden_results_count);
    assert_false(x.failed);
    for (size_t i = 0; i < golden_results_count; i++)
        x.p += golden_bytes(golden_results[i].hex, x.p, xdr_left(&x));
    return xdr_pos(&x);
}

/* S22B-10: all results, that of SEQUENCE among them. */
static void every_result_is_decoded(void **state)
{
    struct client_pair *pair = *state;
    uint8_t *bytes = must_malloc(REPLY_BYTES);
    bool seen[128] = {false};
    struct client_result r;

    assert_int_equal(client_conn_send_record(&pair->server, bytes, encode_all(bytes, 17), 0),
                     CLIENT_OK);
    assert_int_equal(client_result_receive(&pair->conn, 17, &r), CLIENT_OK);
    assert_int_equal(r.count, golden_results_count);
    assert_int_equal(r.decoded, r.count);
    for (uint32_t i = 0; i < r.count; i++) {
        golden_fields(&r.ops[i], golden_results[i].fields);
        if (golden_results[i].check)
            golden_results[i].check(&r.ops[i]);
        if (r.ops[i].resop < sizeof(seen))
            seen[r.ops[i].resop] |= r.ops[i].status == NFS4_OK;
    }
    for (uint32_t op = 0; op < sizeof(seen); op++)
        if (op_info(op) && op_info(op)->minor_first < 2 && !seen[op])
            fail_msg("no result of operation %u", op);
    assert_non_null(client_result_lookup(&r, OP_SEQUENCE));
    client_result_free(&r);
    free(bytes);
}

/* Excess or missing bytes make a reply malformed. */
static void other_lengths_are_malformed(void **state)
{
    struct client_pair *pair = *state;
    uint8_t *bytes = must_malloc(REPLY_BYTES);
    struct client_result r;
    size_t len = encode_all(bytes, 18);

    memset(bytes + len, 0, 4);
    assert_int_equal(client_conn_send_record(&pair->server, bytes, len + 4, 0), CLIENT_OK);
    assert_int_equal(client_result_receive(&pair->conn, 18, &r), CLIENT_MALFORMED);
    assert_int_equal(client_conn_send_record(&pair->server, bytes, len - 4, 0), CLIENT_OK);
    assert_int_equal(client_result_receive(&pair->conn, 18, &r), CLIENT_MALFORMED);
    free(bytes);
}

#define PAIR_TEST(name)                                                                            \
    cmocka_unit_test_setup_teardown(name, client_pair_setup, client_pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(every_result_is_decoded),
        PAIR_TEST(other_lengths_are_malformed),
    };

    return test_group_run(tests);
}
