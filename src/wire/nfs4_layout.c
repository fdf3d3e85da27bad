/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts and devices: decoded so that they can be refused. */
#include "wire/nfs4_codec.h"
#include "wire/xdr_enum.h"

bool wire_layout_content4(struct xdr *x, struct layout_content4 *v)
{
    XDR_ENUM(x, v->loc_type);
    xdr_opaque(x, &v->loc_body, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_layout4(struct xdr *x, struct layout4 *v)
{
    xdr_u64(x, &v->lo_offset);
    xdr_u64(x, &v->lo_length);
    XDR_ENUM(x, v->lo_iomode);
    wire_layout_content4(x, &v->lo_content);
    return !x->failed;
}

bool wire_device_addr4(struct xdr *x, struct device_addr4 *v)
{
    XDR_ENUM(x, v->da_layout_type);
    xdr_opaque(x, &v->da_addr_body, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_layoutupdate4(struct xdr *x, struct layoutupdate4 *v)
{
    XDR_ENUM(x, v->lou_type);
    xdr_opaque(x, &v->lou_body, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_layoutreturn_file4(struct xdr *x, struct layoutreturn_file4 *v)
{
    xdr_u64(x, &v->lrf_offset);
    xdr_u64(x, &v->lrf_length);
    wire_stateid4(x, &v->lrf_stateid);
    xdr_opaque(x, &v->lrf_body, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_layoutreturn4(struct xdr *x, struct layoutreturn4 *v)
{
    XDR_ENUM_RANGE(x, v->lr_returntype, LAYOUTRETURN4_FILE, LAYOUTRETURN4_ALL);
    if (v->lr_returntype == LAYOUTRETURN4_FILE)
        wire_layoutreturn_file4(x, &v->lr_layout);
    return !x->failed;
}

bool wire_GETDEVICEINFO4args(struct xdr *x, struct GETDEVICEINFO4args *v)
{
    xdr_fixed(x, v->gdia_device_id, NFS4_DEVICEID4_SIZE);
    XDR_ENUM(x, v->gdia_layout_type);
    xdr_u32(x, &v->gdia_maxcount);
    wire_bitmap4(x, &v->gdia_notify_types);
    return !x->failed;
}

bool wire_GETDEVICEINFO4resok(struct xdr *x, struct GETDEVICEINFO4resok *v)
{
    wire_device_addr4(x, &v->gdir_device_addr);
    wire_bitmap4(x, &v->gdir_notification);
    return !x->failed;
}

bool wire_GETDEVICELIST4args(struct xdr *x, struct GETDEVICELIST4args *v)
{
    XDR_ENUM(x, v->gdla_layout_type);
    xdr_u32(x, &v->gdla_maxdevices);
    xdr_u64(x, &v->gdla_cookie);
    xdr_fixed(x, v->gdla_cookieverf, NFS4_VERIFIER_SIZE);
    return !x->failed;
}

bool wire_GETDEVICELIST4resok(struct xdr *x, struct GETDEVICELIST4resok *v)
{
    xdr_u64(x, &v->gdlr_cookie);
    xdr_fixed(x, v->gdlr_cookieverf, NFS4_VERIFIER_SIZE);
    v->gdlr_deviceid_list = xdr_array(x, &v->gdlr_deviceid_list_count, LIMIT_WIRE_ARRAY,
                                      v->gdlr_deviceid_list, sizeof(*v->gdlr_deviceid_list));
    for (uint32_t i = 0; i < v->gdlr_deviceid_list_count && !x->failed; i++)
        xdr_fixed(x, v->gdlr_deviceid_list[i], NFS4_DEVICEID4_SIZE);
    xdr_bool(x, &v->gdlr_eof);
    return !x->failed;
}

bool wire_newtime4(struct xdr *x, struct newtime4 *v)
{
    xdr_bool(x, &v->nt_timechanged);
    if (v->nt_timechanged)
        wire_nfstime4(x, &v->nt_time);
    return !x->failed;
}

bool wire_newoffset4(struct xdr *x, struct newoffset4 *v)
{
    xdr_bool(x, &v->no_newoffset);
    if (v->no_newoffset)
        xdr_u64(x, &v->no_offset);
    return !x->failed;
}

bool wire_LAYOUTCOMMIT4args(struct xdr *x, struct LAYOUTCOMMIT4args *v)
{
    xdr_u64(x, &v->loca_offset);
    xdr_u64(x, &v->loca_length);
    xdr_bool(x, &v->loca_reclaim);
    wire_stateid4(x, &v->loca_stateid);
    wire_newoffset4(x, &v->loca_last_write_offset);
    wire_newtime4(x, &v->loca_time_modify);
    wire_layoutupdate4(x, &v->loca_layoutupdate);
    return !x->failed;
}

bool wire_newsize4(struct xdr *x, struct newsize4 *v)
{
    xdr_bool(x, &v->ns_sizechanged);
    if (v->ns_sizechanged)
        xdr_u64(x, &v->ns_size);
    return !x->failed;
}

bool wire_LAYOUTCOMMIT4resok(struct xdr *x, struct LAYOUTCOMMIT4resok *v)
{
    wire_newsize4(x, &v->locr_newsize);
    return !x->failed;
}

bool wire_LAYOUTGET4args(struct xdr *x, struct LAYOUTGET4args *v)
{
    xdr_bool(x, &v->loga_signal_layout_avail);
    XDR_ENUM(x, v->loga_layout_type);
    XDR_ENUM(x, v->loga_iomode);
    xdr_u64(x, &v->loga_offset);
    xdr_u64(x, &v->loga_length);
    xdr_u64(x, &v->loga_minlength);
    wire_stateid4(x, &v->loga_stateid);
    xdr_u32(x, &v->loga_maxcount);
    return !x->failed;
}

bool wire_LAYOUTGET4resok(struct xdr *x, struct LAYOUTGET4resok *v)
{
    xdr_bool(x, &v->logr_return_on_close);
    wire_stateid4(x, &v->logr_stateid);
    v->logr_layout = xdr_array(x, &v->logr_layout_count, LIMIT_WIRE_ARRAY, v->logr_layout,
                               sizeof(*v->logr_layout));
    for (uint32_t i = 0; i < v->logr_layout_count && !x->failed; i++)
        wire_layout4(x, &v->logr_layout[i]);
    return !x->failed;
}

bool wire_LAYOUTRETURN4args(struct xdr *x, struct LAYOUTRETURN4args *v)
{
    xdr_bool(x, &v->lora_reclaim);
    XDR_ENUM(x, v->lora_layout_type);
    XDR_ENUM(x, v->lora_iomode);
    wire_layoutreturn4(x, &v->lora_layoutreturn);
    return !x->failed;
}

bool wire_layoutreturn_stateid(struct xdr *x, struct layoutreturn_stateid *v)
{
    xdr_bool(x, &v->lrs_present);
    if (v->lrs_present)
        wire_stateid4(x, &v->lrs_stateid);
    return !x->failed;
}
