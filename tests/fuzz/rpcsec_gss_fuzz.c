/* SPDX-License-Identifier: Apache-2.0 */
/* RPCSEC_GSS: credentials, and the bodies of calls and replies; the first byte says which. */
#include "wire/rpcsec_gss.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    BUFFER_BYTES = 1u << 16
};

/* What can be decoded can be encoded, to as many bytes. */
#define FUZZ(type, filter)                                                                         \
    do {                                                                                           \
        struct type v_;                                                                            \
        size_t len_;                                                                               \
                                                                                                   \
        if (!filter(&x, &v_))                                                                      \
            break;                                                                                 \
        len_ = xdr_pos(&x);                                                                        \
        xdr_init_encode(&x, buffer, sizeof(buffer));                                               \
        if (len_ <= sizeof(buffer))                                                                \
            CHECK(filter(&x, &v_) && xdr_pos(&x) == len_);                                         \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buffer[BUFFER_BYTES];
    struct xdr x;

    if (size == 0)
        return 0;
    xdr_init_decode(&x, data + 1, size - 1, NULL);
    switch (data[0] % 5) {
    case 0:
        FUZZ(rpc_gss_cred, wire_rpc_gss_cred);
        break;
    case 1:
        FUZZ(rpc_gss_init_arg, wire_rpc_gss_init_arg);
        break;
    case 2:
        FUZZ(rpc_gss_init_res, wire_rpc_gss_init_res);
        break;
    case 3:
        FUZZ(rpc_gss_integ_data, wire_rpc_gss_integ_data);
        break;
    default:
        FUZZ(rpc_gss_priv_data, wire_rpc_gss_priv_data);
        break;
    }
    return 0;
}
