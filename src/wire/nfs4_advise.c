/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/nfs4_advise.h"

#include "wire/xdr_enum.h"

bool wire_IO_ADVISE4resok(struct xdr *x, struct IO_ADVISE4resok *v)
{
    return wire_bitmap4(x, &v->ior_hints);
}

bool wire_WRITE_SAME4resok(struct xdr *x, struct WRITE_SAME4resok *v)
{
    uint32_t callbacks = 0;

    xdr_u32(x, &callbacks);
    if (callbacks != 0)
        return xdr_fail(x);
    xdr_u64(x, &v->wr_count);
    XDR_ENUM_RANGE(x, v->wr_committed, UNSTABLE4, FILE_SYNC4);
    xdr_fixed(x, v->wr_writeverf, NFS4_VERIFIER_SIZE);
    return !x->failed;
}
