/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/nfs4_copy.h"

#include "wire/xdr_enum.h"

bool wire_netloc4(struct xdr *x, struct netloc4 *v)
{
    XDR_ENUM(x, v->nl_type);
    switch (v->nl_type) {
    case NL4_NAME:
        return xdr_opaque(x, &v->nl_name, LIMIT_WIRE_OPAQUE_BYTES);
    case NL4_URL:
        return xdr_opaque(x, &v->nl_url, LIMIT_WIRE_OPAQUE_BYTES);
    case NL4_NETADDR:
        return wire_netaddr4(x, &v->nl_addr);
    }
    return xdr_fail(x);
}

bool wire_COPY4args(struct xdr *x, struct COPY4args *v)
{
    wire_stateid4(x, &v->ca_src_stateid);
    wire_stateid4(x, &v->ca_dst_stateid);
    xdr_u64(x, &v->ca_src_offset);
    xdr_u64(x, &v->ca_dst_offset);
    xdr_u64(x, &v->ca_count);
    xdr_bool(x, &v->ca_consecutive);
    xdr_bool(x, &v->ca_synchronous);
    v->ca_source_server = xdr_array(x, &v->ca_source_server_count, LIMIT_WIRE_ARRAY,
                                    v->ca_source_server, sizeof(*v->ca_source_server));
    for (uint32_t i = 0; i < v->ca_source_server_count && !x->failed; i++)
        wire_netloc4(x, &v->ca_source_server[i]);
    return !x->failed;
}

bool wire_COPY_NOTIFY4args(struct xdr *x, struct COPY_NOTIFY4args *v)
{
    wire_stateid4(x, &v->cna_src_stateid);
    wire_netloc4(x, &v->cna_destination_server);
    return !x->failed;
}

bool wire_OFFLOAD_CANCEL4args(struct xdr *x, struct OFFLOAD_CANCEL4args *v)
{
    wire_stateid4(x, &v->oca_stateid);
    return !x->failed;
}

bool wire_OFFLOAD_STATUS4args(struct xdr *x, struct OFFLOAD_STATUS4args *v)
{
    wire_stateid4(x, &v->osa_stateid);
    return !x->failed;
}

bool wire_write_response4(struct xdr *x, struct write_response4 *v)
{
    v->wr_callback_id =
        xdr_array(x, &v->wr_callback_id_count, 1, v->wr_callback_id, sizeof(*v->wr_callback_id));
    if (v->wr_callback_id_count > 0 && !x->failed)
        wire_stateid4(x, v->wr_callback_id);
    xdr_u64(x, &v->wr_count);
    XDR_ENUM_RANGE(x, v->wr_committed, UNSTABLE4, FILE_SYNC4);
    return xdr_fixed(x, v->wr_writeverf, NFS4_VERIFIER_SIZE);
}

bool wire_copy_requirements4(struct xdr *x, struct copy_requirements4 *v)
{
    xdr_bool(x, &v->cr_consecutive);
    xdr_bool(x, &v->cr_synchronous);
    return !x->failed;
}

bool wire_COPY4resok(struct xdr *x, struct COPY4resok *v)
{
    wire_write_response4(x, &v->cr_response);
    return wire_copy_requirements4(x, &v->cr_requirements);
}

bool wire_OFFLOAD_STATUS4resok(struct xdr *x, struct OFFLOAD_STATUS4resok *v)
{
    xdr_u64(x, &v->osr_count);
    v->osr_complete =
        xdr_array(x, &v->osr_complete_count, 1, v->osr_complete, sizeof(*v->osr_complete));
    if (v->osr_complete_count > 0 && !x->failed)
        XDR_ENUM(x, *v->osr_complete);
    return !x->failed;
}
