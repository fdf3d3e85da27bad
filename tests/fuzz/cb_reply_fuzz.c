/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies to CB_NULL and CB_COMPOUND, without xid and message type. The first byte gives the number
 * of operations sent, at most four, and each two bits of the second byte choose one.
 */
#include "callback/cb_compound.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_reply(const struct cb_reply *reply, uint32_t sent_count)
{
    CHECK(reply->result_count <= sent_count);
    CHECK(reply->status != NFS4_OK || reply->result_count == sent_count);
    for (uint32_t i = 0; i < reply->result_count; i++) {
        const struct cb_op_result *result = &reply->results[i];

        CHECK(result->status == (i == reply->result_count - 1 ? reply->status : NFS4_OK));
        if (result->op == OP_CB_GETATTR && result->status == NFS4_OK)
            CHECK(result->getattr.obj_attributes.attr_vals.len <= LIMIT_WIRE_OPAQUE_BYTES);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t ops[] = {OP_CB_RECALL, OP_CB_GETATTR, OP_CB_SEQUENCE, OP_CB_NOTIFY};
    uint32_t sent[4], sent_count;
    struct cb_reply reply;
    struct arena arena;

    if (size < 2)
        return 0;
    sent_count = data[0] % 5;
    for (uint32_t i = 0; i < 4; i++)
        sent[i] = ops[data[1] >> 2 * i & 3];
    if (cb_null_answer(data + 2, size - 2) == CB_ANSWERED)
        CHECK(size - 2 >= 16);
    arena_init(&arena, 512);
    memset(&reply, 0xff, sizeof(reply));
    if (cb_compound_answer(data + 2, size - 2, sent, sent_count, &arena, &reply) == CB_ANSWERED)
        check_reply(&reply, sent_count);
    arena_fini(&arena);
    return 0;
}
