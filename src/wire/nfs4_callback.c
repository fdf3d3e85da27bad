/* SPDX-License-Identifier: Apache-2.0 */
/* Callback operations. */
#include "wire/nfs4_callback.h"
#include "wire/xdr_enum.h"

bool wire_CB_GETATTR4args(struct xdr *x, struct CB_GETATTR4args *v)
{
    wire_nfs_fh4(x, &v->fh);
    wire_bitmap4(x, &v->attr_request);
    return !x->failed;
}

bool wire_CB_GETATTR4resok(struct xdr *x, struct CB_GETATTR4resok *v)
{
    wire_fattr4(x, &v->obj_attributes);
    return !x->failed;
}

bool wire_CB_RECALL4args(struct xdr *x, struct CB_RECALL4args *v)
{
    wire_stateid4(x, &v->stateid);
    xdr_bool(x, &v->truncate);
    wire_nfs_fh4(x, &v->fh);
    return !x->failed;
}

bool wire_layoutrecall_file4(struct xdr *x, struct layoutrecall_file4 *v)
{
    wire_nfs_fh4(x, &v->lor_fh);
    xdr_u64(x, &v->lor_offset);
    xdr_u64(x, &v->lor_length);
    wire_stateid4(x, &v->lor_stateid);
    return !x->failed;
}

bool wire_layoutrecall4(struct xdr *x, struct layoutrecall4 *v)
{
    XDR_ENUM(x, v->lor_recalltype);
    switch (v->lor_recalltype) {
    case LAYOUTRECALL4_FILE:
        wire_layoutrecall_file4(x, &v->lor_layout);
        break;
    case LAYOUTRECALL4_FSID:
        wire_fsid4(x, &v->lor_fsid);
        break;
    case LAYOUTRECALL4_ALL:
        break;
    default:
        return xdr_fail(x);
    }
    return !x->failed;
}

bool wire_CB_LAYOUTRECALL4args(struct xdr *x, struct CB_LAYOUTRECALL4args *v)
{
    XDR_ENUM(x, v->clora_type);
    XDR_ENUM(x, v->clora_iomode);
    xdr_bool(x, &v->clora_changed);
    wire_layoutrecall4(x, &v->clora_recall);
    return !x->failed;
}

bool wire_notify_entry4(struct xdr *x, struct notify_entry4 *v)
{
    xdr_opaque(x, &v->ne_file, LIMIT_WIRE_OPAQUE_BYTES);
    wire_fattr4(x, &v->ne_attrs);
    return !x->failed;
}

bool wire_prev_entry4(struct xdr *x, struct prev_entry4 *v)
{
    wire_notify_entry4(x, &v->pe_prev_entry);
    xdr_u64(x, &v->pe_prev_entry_cookie);
    return !x->failed;
}

bool wire_notify_remove4(struct xdr *x, struct notify_remove4 *v)
{
    wire_notify_entry4(x, &v->nrm_old_entry);
    xdr_u64(x, &v->nrm_old_entry_cookie);
    return !x->failed;
}

bool wire_notify_add4(struct xdr *x, struct notify_add4 *v)
{
    v->nad_old_entry =
        xdr_array(x, &v->nad_old_entry_count, 1, v->nad_old_entry, sizeof(*v->nad_old_entry));
    for (uint32_t i = 0; i < v->nad_old_entry_count && !x->failed; i++)
        wire_notify_remove4(x, &v->nad_old_entry[i]);
    wire_notify_entry4(x, &v->nad_new_entry);
    v->nad_new_entry_cookie = xdr_array(x, &v->nad_new_entry_cookie_count, 1,
                                        v->nad_new_entry_cookie, sizeof(*v->nad_new_entry_cookie));
    for (uint32_t i = 0; i < v->nad_new_entry_cookie_count && !x->failed; i++)
        xdr_u64(x, &v->nad_new_entry_cookie[i]);
    v->nad_prev_entry =
        xdr_array(x, &v->nad_prev_entry_count, 1, v->nad_prev_entry, sizeof(*v->nad_prev_entry));
    for (uint32_t i = 0; i < v->nad_prev_entry_count && !x->failed; i++)
        wire_prev_entry4(x, &v->nad_prev_entry[i]);
    xdr_bool(x, &v->nad_last_entry);
    return !x->failed;
}

bool wire_notify_attr4(struct xdr *x, struct notify_attr4 *v)
{
    wire_notify_entry4(x, &v->na_changed_entry);
    return !x->failed;
}

bool wire_notify_rename4(struct xdr *x, struct notify_rename4 *v)
{
    wire_notify_remove4(x, &v->nrn_old_entry);
    wire_notify_add4(x, &v->nrn_new_entry);
    return !x->failed;
}

bool wire_notify_verifier4(struct xdr *x, struct notify_verifier4 *v)
{
    xdr_fixed(x, v->nv_old_cookieverf, NFS4_VERIFIER_SIZE);
    xdr_fixed(x, v->nv_new_cookieverf, NFS4_VERIFIER_SIZE);
    return !x->failed;
}

bool wire_notify4(struct xdr *x, struct notify4 *v)
{
    wire_bitmap4(x, &v->notify_mask);
    xdr_opaque(x, &v->notify_vals, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_CB_NOTIFY4args(struct xdr *x, struct CB_NOTIFY4args *v)
{
    wire_stateid4(x, &v->cna_stateid);
    wire_nfs_fh4(x, &v->cna_fh);
    v->cna_changes = xdr_array(x, &v->cna_changes_count, LIMIT_WIRE_ARRAY, v->cna_changes,
                               sizeof(*v->cna_changes));
    for (uint32_t i = 0; i < v->cna_changes_count && !x->failed; i++)
        wire_notify4(x, &v->cna_changes[i]);
    return !x->failed;
}

bool wire_CB_PUSH_DELEG4args(struct xdr *x, struct CB_PUSH_DELEG4args *v)
{
    wire_nfs_fh4(x, &v->cpda_fh);
    wire_open_delegation4(x, &v->cpda_delegation);
    return !x->failed;
}

bool wire_CB_RECALL_ANY4args(struct xdr *x, struct CB_RECALL_ANY4args *v)
{
    xdr_u32(x, &v->craa_objects_to_keep);
    wire_bitmap4(x, &v->craa_type_mask);
    return !x->failed;
}

bool wire_CB_RECALL_SLOT4args(struct xdr *x, struct CB_RECALL_SLOT4args *v)
{
    xdr_u32(x, &v->rsa_target_highest_slotid);
    return !x->failed;
}

bool wire_referring_call4(struct xdr *x, struct referring_call4 *v)
{
    xdr_u32(x, &v->rc_sequenceid);
    xdr_u32(x, &v->rc_slotid);
    return !x->failed;
}

bool wire_referring_call_list4(struct xdr *x, struct referring_call_list4 *v)
{
    xdr_fixed(x, v->rcl_sessionid, NFS4_SESSIONID_SIZE);
    v->rcl_referring_calls = xdr_array(x, &v->rcl_referring_calls_count, LIMIT_WIRE_ARRAY,
                                       v->rcl_referring_calls, sizeof(*v->rcl_referring_calls));
    for (uint32_t i = 0; i < v->rcl_referring_calls_count && !x->failed; i++)
        wire_referring_call4(x, &v->rcl_referring_calls[i]);
    return !x->failed;
}

bool wire_CB_SEQUENCE4args(struct xdr *x, struct CB_SEQUENCE4args *v)
{
    xdr_fixed(x, v->csa_sessionid, NFS4_SESSIONID_SIZE);
    xdr_u32(x, &v->csa_sequenceid);
    xdr_u32(x, &v->csa_slotid);
    xdr_u32(x, &v->csa_highest_slotid);
    xdr_bool(x, &v->csa_cachethis);
    v->csa_referring_call_lists =
        xdr_array(x, &v->csa_referring_call_lists_count, LIMIT_WIRE_ARRAY,
                  v->csa_referring_call_lists, sizeof(*v->csa_referring_call_lists));
    for (uint32_t i = 0; i < v->csa_referring_call_lists_count && !x->failed; i++)
        wire_referring_call_list4(x, &v->csa_referring_call_lists[i]);
    return !x->failed;
}

bool wire_CB_SEQUENCE4resok(struct xdr *x, struct CB_SEQUENCE4resok *v)
{
    xdr_fixed(x, v->csr_sessionid, NFS4_SESSIONID_SIZE);
    xdr_u32(x, &v->csr_sequenceid);
    xdr_u32(x, &v->csr_slotid);
    xdr_u32(x, &v->csr_highest_slotid);
    xdr_u32(x, &v->csr_target_highest_slotid);
    return !x->failed;
}

bool wire_CB_WANTS_CANCELLED4args(struct xdr *x, struct CB_WANTS_CANCELLED4args *v)
{
    xdr_bool(x, &v->cwca_contended_wants_cancelled);
    xdr_bool(x, &v->cwca_resourced_wants_cancelled);
    return !x->failed;
}

bool wire_CB_NOTIFY_LOCK4args(struct xdr *x, struct CB_NOTIFY_LOCK4args *v)
{
    wire_nfs_fh4(x, &v->cnla_fh);
    wire_state_owner4(x, &v->cnla_lock_owner);
    return !x->failed;
}

bool wire_CB_NOTIFY_DEVICEID4args(struct xdr *x, struct CB_NOTIFY_DEVICEID4args *v)
{
    v->cnda_changes = xdr_array(x, &v->cnda_changes_count, LIMIT_WIRE_ARRAY, v->cnda_changes,
                                sizeof(*v->cnda_changes));
    for (uint32_t i = 0; i < v->cnda_changes_count && !x->failed; i++)
        wire_notify4(x, &v->cnda_changes[i]);
    return !x->failed;
}

bool wire_CB_OFFLOAD4args(struct xdr *x, struct CB_OFFLOAD4args *v)
{
    wire_nfs_fh4(x, &v->coa_fh);
    wire_stateid4(x, &v->coa_stateid);
    XDR_ENUM(x, v->coa_status);
    if (v->coa_status == NFS4_OK)
        wire_write_response4(x, &v->coa_resok4);
    else
        xdr_u64(x, &v->coa_bytes_copied);
    return !x->failed;
}
