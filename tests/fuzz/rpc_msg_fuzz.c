/* SPDX-License-Identifier: Apache-2.0 */
/* RPC headers of calls, with the AUTH_SYS body in them, and of replies. */
#include "wire/rpc_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_authsys(const struct wire_opaque *body, struct arena *arena)
{
    struct authsys_parms parms;
    struct xdr x;

    xdr_init_decode(&x, body->data, body->len, arena);
    if (wire_authsys_parms(&x, &parms))
        CHECK(parms.gids_count <= LIMIT_RPC_AUTH_SYS_GIDS &&
              parms.machinename.len <= LIMIT_RPC_MACHINE_NAME_BYTES);
}

static void fuzz_call(const uint8_t *data, size_t size, struct arena *arena)
{
    uint8_t buffer[2 * LIMIT_RPC_AUTH_BYTES + 64];
    struct rpc_call_header v;
    struct xdr x;

    xdr_init_decode(&x, data, size, arena);
    if (!wire_rpc_call_header(&x, &v) || v.rpcvers != RPC_VERSION)
        return;
    fuzz_authsys(&v.cred.body, arena);
    xdr_init_encode(&x, buffer, sizeof(buffer));
    CHECK(wire_rpc_call_header(&x, &v));
}

static void fuzz_reply(const uint8_t *data, size_t size)
{
    uint8_t buffer[LIMIT_RPC_AUTH_BYTES + 64];
    struct rpc_reply_header v;
    struct xdr x;

    xdr_init_decode(&x, data, size, NULL);
    if (!wire_rpc_reply_header(&x, &v))
        return;
    xdr_init_encode(&x, buffer, sizeof(buffer));
    CHECK(wire_rpc_reply_header(&x, &v));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum rpc_msg_type type;
    struct arena arena;
    uint32_t xid;

    if (!rpc_msg_peek(data, size, &xid, &type))
        return 0;
    arena_init(&arena, 1024);
    if (type == RPC_MSG_CALL)
        fuzz_call(data, size, &arena);
    else
        fuzz_reply(data, size);
    arena_fini(&arena);
    return 0;
}
