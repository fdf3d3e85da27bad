/* SPDX-License-Identifier: Apache-2.0 */
/* Making a client known: EXCHANGE_ID, SETCLIENTID, SSV. */
#include "wire/nfs4_codec.h"
#include "wire/xdr_enum.h"

bool wire_cb_client4(struct xdr *x, struct cb_client4 *v)
{
    xdr_u32(x, &v->cb_program);
    wire_netaddr4(x, &v->cb_location);
    return !x->failed;
}

bool wire_nfs_client_id4(struct xdr *x, struct nfs_client_id4 *v)
{
    xdr_fixed(x, v->verifier, NFS4_VERIFIER_SIZE);
    xdr_opaque(x, &v->id, NFS4_OPAQUE_LIMIT);
    return !x->failed;
}

bool wire_client_owner4(struct xdr *x, struct client_owner4 *v)
{
    xdr_fixed(x, v->co_verifier, NFS4_VERIFIER_SIZE);
    xdr_opaque(x, &v->co_ownerid, NFS4_OPAQUE_LIMIT);
    return !x->failed;
}

bool wire_server_owner4(struct xdr *x, struct server_owner4 *v)
{
    xdr_u64(x, &v->so_minor_id);
    xdr_opaque(x, &v->so_major_id, NFS4_OPAQUE_LIMIT);
    return !x->failed;
}

bool wire_nfs_impl_id4(struct xdr *x, struct nfs_impl_id4 *v)
{
    xdr_opaque(x, &v->nii_domain, LIMIT_WIRE_OPAQUE_BYTES);
    xdr_opaque(x, &v->nii_name, LIMIT_WIRE_OPAQUE_BYTES);
    wire_nfstime4(x, &v->nii_date);
    return !x->failed;
}

bool wire_RENEW4args(struct xdr *x, struct RENEW4args *v)
{
    xdr_u64(x, &v->clientid);
    return !x->failed;
}

bool wire_SETCLIENTID4args(struct xdr *x, struct SETCLIENTID4args *v)
{
    wire_nfs_client_id4(x, &v->client);
    wire_cb_client4(x, &v->callback);
    xdr_u32(x, &v->callback_ident);
    return !x->failed;
}

bool wire_SETCLIENTID4resok(struct xdr *x, struct SETCLIENTID4resok *v)
{
    xdr_u64(x, &v->clientid);
    xdr_fixed(x, v->setclientid_confirm, NFS4_VERIFIER_SIZE);
    return !x->failed;
}

bool wire_SETCLIENTID_CONFIRM4args(struct xdr *x, struct SETCLIENTID_CONFIRM4args *v)
{
    xdr_u64(x, &v->clientid);
    xdr_fixed(x, v->setclientid_confirm, NFS4_VERIFIER_SIZE);
    return !x->failed;
}

bool wire_state_protect_ops4(struct xdr *x, struct state_protect_ops4 *v)
{
    wire_bitmap4(x, &v->spo_must_enforce);
    wire_bitmap4(x, &v->spo_must_allow);
    return !x->failed;
}

bool wire_ssv_sp_parms4(struct xdr *x, struct ssv_sp_parms4 *v)
{
    wire_state_protect_ops4(x, &v->ssp_ops);
    v->ssp_hash_algs = xdr_array(x, &v->ssp_hash_algs_count, LIMIT_WIRE_ARRAY, v->ssp_hash_algs,
                                 sizeof(*v->ssp_hash_algs));
    for (uint32_t i = 0; i < v->ssp_hash_algs_count && !x->failed; i++)
        xdr_opaque(x, &v->ssp_hash_algs[i], LIMIT_WIRE_OPAQUE_BYTES);
    v->ssp_encr_algs = xdr_array(x, &v->ssp_encr_algs_count, LIMIT_WIRE_ARRAY, v->ssp_encr_algs,
                                 sizeof(*v->ssp_encr_algs));
    for (uint32_t i = 0; i < v->ssp_encr_algs_count && !x->failed; i++)
        xdr_opaque(x, &v->ssp_encr_algs[i], LIMIT_WIRE_OPAQUE_BYTES);
    xdr_u32(x, &v->ssp_window);
    xdr_u32(x, &v->ssp_num_gss_handles);
    return !x->failed;
}

bool wire_state_protect4_a(struct xdr *x, struct state_protect4_a *v)
{
    XDR_ENUM(x, v->spa_how);
    switch (v->spa_how) {
    case SP4_NONE:
        break;
    case SP4_MACH_CRED:
        wire_state_protect_ops4(x, &v->spa_mach_ops);
        break;
    case SP4_SSV:
        wire_ssv_sp_parms4(x, &v->spa_ssv_parms);
        break;
    default:
        return xdr_fail(x);
    }
    return !x->failed;
}

bool wire_EXCHANGE_ID4args(struct xdr *x, struct EXCHANGE_ID4args *v)
{
    wire_client_owner4(x, &v->eia_clientowner);
    xdr_u32(x, &v->eia_flags);
    wire_state_protect4_a(x, &v->eia_state_protect);
    v->eia_client_impl_id = xdr_array(x, &v->eia_client_impl_id_count, 1, v->eia_client_impl_id,
                                      sizeof(*v->eia_client_impl_id));
    for (uint32_t i = 0; i < v->eia_client_impl_id_count && !x->failed; i++)
        wire_nfs_impl_id4(x, &v->eia_client_impl_id[i]);
    return !x->failed;
}

bool wire_ssv_prot_info4(struct xdr *x, struct ssv_prot_info4 *v)
{
    wire_state_protect_ops4(x, &v->spi_ops);
    xdr_u32(x, &v->spi_hash_alg);
    xdr_u32(x, &v->spi_encr_alg);
    xdr_u32(x, &v->spi_ssv_len);
    xdr_u32(x, &v->spi_window);
    v->spi_handles = xdr_array(x, &v->spi_handles_count, LIMIT_WIRE_ARRAY, v->spi_handles,
                               sizeof(*v->spi_handles));
    for (uint32_t i = 0; i < v->spi_handles_count && !x->failed; i++)
        xdr_opaque(x, &v->spi_handles[i], LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_state_protect4_r(struct xdr *x, struct state_protect4_r *v)
{
    XDR_ENUM(x, v->spr_how);
    switch (v->spr_how) {
    case SP4_NONE:
        break;
    case SP4_MACH_CRED:
        wire_state_protect_ops4(x, &v->spr_mach_ops);
        break;
    case SP4_SSV:
        wire_ssv_prot_info4(x, &v->spr_ssv_info);
        break;
    default:
        return xdr_fail(x);
    }
    return !x->failed;
}

bool wire_EXCHANGE_ID4resok(struct xdr *x, struct EXCHANGE_ID4resok *v)
{
    xdr_u64(x, &v->eir_clientid);
    xdr_u32(x, &v->eir_sequenceid);
    xdr_u32(x, &v->eir_flags);
    wire_state_protect4_r(x, &v->eir_state_protect);
    wire_server_owner4(x, &v->eir_server_owner);
    xdr_opaque(x, &v->eir_server_scope, NFS4_OPAQUE_LIMIT);
    v->eir_server_impl_id = xdr_array(x, &v->eir_server_impl_id_count, 1, v->eir_server_impl_id,
                                      sizeof(*v->eir_server_impl_id));
    for (uint32_t i = 0; i < v->eir_server_impl_id_count && !x->failed; i++)
        wire_nfs_impl_id4(x, &v->eir_server_impl_id[i]);
    return !x->failed;
}

bool wire_DESTROY_CLIENTID4args(struct xdr *x, struct DESTROY_CLIENTID4args *v)
{
    xdr_u64(x, &v->dca_clientid);
    return !x->failed;
}

bool wire_RECLAIM_COMPLETE4args(struct xdr *x, struct RECLAIM_COMPLETE4args *v)
{
    xdr_bool(x, &v->rca_one_fs);
    return !x->failed;
}

bool wire_SET_SSV4args(struct xdr *x, struct SET_SSV4args *v)
{
    xdr_opaque(x, &v->ssa_ssv, LIMIT_WIRE_OPAQUE_BYTES);
    xdr_opaque(x, &v->ssa_digest, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_SET_SSV4resok(struct xdr *x, struct SET_SSV4resok *v)
{
    xdr_opaque(x, &v->ssr_digest, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}
