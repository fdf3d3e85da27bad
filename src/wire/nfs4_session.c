/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions and their channels. */
#include "wire/nfs4_codec.h"
#include "wire/xdr_enum.h"

bool wire_gss_cb_handles4(struct xdr *x, struct gss_cb_handles4 *v)
{
    XDR_ENUM_RANGE(x, v->gcbp_service, RPC_GSS_SVC_NONE, RPC_GSS_SVC_PRIVACY);
    xdr_opaque(x, &v->gcbp_handle_from_server, LIMIT_WIRE_OPAQUE_BYTES);
    xdr_opaque(x, &v->gcbp_handle_from_client, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_callback_sec_parms4(struct xdr *x, struct callback_sec_parms4 *v)
{
    xdr_u32(x, &v->cb_secflavor);
    switch (v->cb_secflavor) {
    case AUTH_NONE:
        break;
    case AUTH_SYS:
        wire_authsys_parms(x, &v->cbsp_sys_cred);
        break;
    case RPCSEC_GSS:
        wire_gss_cb_handles4(x, &v->cbsp_gss_handles);
        break;
    default:
        return xdr_fail(x);
    }
    return !x->failed;
}

bool wire_BACKCHANNEL_CTL4args(struct xdr *x, struct BACKCHANNEL_CTL4args *v)
{
    xdr_u32(x, &v->bca_cb_program);
    v->bca_sec_parms = xdr_array(x, &v->bca_sec_parms_count, LIMIT_WIRE_ARRAY, v->bca_sec_parms,
                                 sizeof(*v->bca_sec_parms));
    for (uint32_t i = 0; i < v->bca_sec_parms_count && !x->failed; i++)
        wire_callback_sec_parms4(x, &v->bca_sec_parms[i]);
    return !x->failed;
}

bool wire_BIND_CONN_TO_SESSION4args(struct xdr *x, struct BIND_CONN_TO_SESSION4args *v)
{
    xdr_fixed(x, v->bctsa_sessid, NFS4_SESSIONID_SIZE);
    XDR_ENUM_RANGE(x, v->bctsa_dir, CDFC4_FORE, CDFC4_BACK_OR_BOTH);
    if (v->bctsa_dir > CDFC4_FORE_OR_BOTH && v->bctsa_dir != CDFC4_BACK_OR_BOTH)
        return xdr_fail(x);
    xdr_bool(x, &v->bctsa_use_conn_in_rdma_mode);
    return !x->failed;
}

bool wire_BIND_CONN_TO_SESSION4resok(struct xdr *x, struct BIND_CONN_TO_SESSION4resok *v)
{
    xdr_fixed(x, v->bctsr_sessid, NFS4_SESSIONID_SIZE);
    XDR_ENUM_RANGE(x, v->bctsr_dir, CDFS4_FORE, CDFS4_BOTH);
    xdr_bool(x, &v->bctsr_use_conn_in_rdma_mode);
    return !x->failed;
}

bool wire_channel_attrs4(struct xdr *x, struct channel_attrs4 *v)
{
    xdr_u32(x, &v->ca_headerpadsize);
    xdr_u32(x, &v->ca_maxrequestsize);
    xdr_u32(x, &v->ca_maxresponsesize);
    xdr_u32(x, &v->ca_maxresponsesize_cached);
    xdr_u32(x, &v->ca_maxoperations);
    xdr_u32(x, &v->ca_maxrequests);
    if (!xdr_u32(x, &v->ca_rdma_ird_count) || v->ca_rdma_ird_count > 1)
        return xdr_fail(x);
    for (uint32_t i = 0; i < v->ca_rdma_ird_count && !x->failed; i++)
        xdr_u32(x, &v->ca_rdma_ird[i]);
    return !x->failed;
}

bool wire_CREATE_SESSION4args(struct xdr *x, struct CREATE_SESSION4args *v)
{
    xdr_u64(x, &v->csa_clientid);
    xdr_u32(x, &v->csa_sequence);
    xdr_u32(x, &v->csa_flags);
    wire_channel_attrs4(x, &v->csa_fore_chan_attrs);
    wire_channel_attrs4(x, &v->csa_back_chan_attrs);
    xdr_u32(x, &v->csa_cb_program);
    v->csa_sec_parms = xdr_array(x, &v->csa_sec_parms_count, LIMIT_WIRE_ARRAY, v->csa_sec_parms,
                                 sizeof(*v->csa_sec_parms));
    for (uint32_t i = 0; i < v->csa_sec_parms_count && !x->failed; i++)
        wire_callback_sec_parms4(x, &v->csa_sec_parms[i]);
    return !x->failed;
}

bool wire_CREATE_SESSION4resok(struct xdr *x, struct CREATE_SESSION4resok *v)
{
    xdr_fixed(x, v->csr_sessionid, NFS4_SESSIONID_SIZE);
    xdr_u32(x, &v->csr_sequence);
    xdr_u32(x, &v->csr_flags);
    wire_channel_attrs4(x, &v->csr_fore_chan_attrs);
    wire_channel_attrs4(x, &v->csr_back_chan_attrs);
    return !x->failed;
}

bool wire_DESTROY_SESSION4args(struct xdr *x, struct DESTROY_SESSION4args *v)
{
    xdr_fixed(x, v->dsa_sessionid, NFS4_SESSIONID_SIZE);
    return !x->failed;
}

bool wire_SEQUENCE4args(struct xdr *x, struct SEQUENCE4args *v)
{
    xdr_fixed(x, v->sa_sessionid, NFS4_SESSIONID_SIZE);
    xdr_u32(x, &v->sa_sequenceid);
    xdr_u32(x, &v->sa_slotid);
    xdr_u32(x, &v->sa_highest_slotid);
    xdr_bool(x, &v->sa_cachethis);
    return !x->failed;
}

bool wire_SEQUENCE4resok(struct xdr *x, struct SEQUENCE4resok *v)
{
    xdr_fixed(x, v->sr_sessionid, NFS4_SESSIONID_SIZE);
    xdr_u32(x, &v->sr_sequenceid);
    xdr_u32(x, &v->sr_slotid);
    xdr_u32(x, &v->sr_highest_slotid);
    xdr_u32(x, &v->sr_target_highest_slotid);
    xdr_u32(x, &v->sr_status_flags);
    return !x->failed;
}
