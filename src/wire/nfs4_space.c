/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/nfs4_space.h"

#include "wire/xdr_enum.h"

bool wire_data4(struct xdr *x, struct data4 *v)
{
    xdr_u64(x, &v->d_offset);
    xdr_opaque(x, &v->d_data, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_data_info4(struct xdr *x, struct data_info4 *v)
{
    xdr_u64(x, &v->di_offset);
    xdr_u64(x, &v->di_length);
    return !x->failed;
}

bool wire_read_plus_content(struct xdr *x, struct read_plus_content *v)
{
    XDR_ENUM(x, v->rpc_content);
    switch (v->rpc_content) {
    case NFS4_CONTENT_DATA:
        return wire_data4(x, &v->rpc_data);
    case NFS4_CONTENT_HOLE:
        return wire_data_info4(x, &v->rpc_hole);
    }
    return !x->failed;
}

bool wire_read_plus_res4(struct xdr *x, struct read_plus_res4 *v)
{
    xdr_bool(x, &v->rpr_eof);
    v->rpr_contents = xdr_array(x, &v->rpr_contents_count, LIMIT_WIRE_ARRAY, v->rpr_contents,
                                sizeof(*v->rpr_contents));
    for (uint32_t i = 0; i < v->rpr_contents_count && !x->failed; i++)
        wire_read_plus_content(x, &v->rpr_contents[i]);
    return !x->failed;
}

bool wire_seek_res4(struct xdr *x, struct seek_res4 *v)
{
    xdr_bool(x, &v->sr_eof);
    xdr_u64(x, &v->sr_offset);
    return !x->failed;
}
