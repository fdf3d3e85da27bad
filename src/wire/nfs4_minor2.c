/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/nfs4_minor2.h"

#include "wire/xdr_enum.h"

bool wire_ALLOCATE4args(struct xdr *x, struct ALLOCATE4args *v)
{
    wire_stateid4(x, &v->aa_stateid);
    xdr_u64(x, &v->aa_offset);
    xdr_u64(x, &v->aa_length);
    return !x->failed;
}

bool wire_DEALLOCATE4args(struct xdr *x, struct DEALLOCATE4args *v)
{
    wire_stateid4(x, &v->da_stateid);
    xdr_u64(x, &v->da_offset);
    xdr_u64(x, &v->da_length);
    return !x->failed;
}

bool wire_IO_ADVISE4args(struct xdr *x, struct IO_ADVISE4args *v)
{
    wire_stateid4(x, &v->iaa_stateid);
    xdr_u64(x, &v->iaa_offset);
    xdr_u64(x, &v->iaa_count);
    wire_bitmap4(x, &v->iaa_hints);
    return !x->failed;
}

bool wire_device_error4(struct xdr *x, struct device_error4 *v)
{
    xdr_fixed(x, v->de_deviceid, NFS4_DEVICEID4_SIZE);
    XDR_ENUM(x, v->de_status);
    XDR_ENUM(x, v->de_opnum);
    return !x->failed;
}

bool wire_LAYOUTERROR4args(struct xdr *x, struct LAYOUTERROR4args *v)
{
    xdr_u64(x, &v->lea_offset);
    xdr_u64(x, &v->lea_length);
    wire_stateid4(x, &v->lea_stateid);
    v->lea_errors =
        xdr_array(x, &v->lea_errors_count, LIMIT_WIRE_ARRAY, v->lea_errors, sizeof(*v->lea_errors));
    for (uint32_t i = 0; i < v->lea_errors_count && !x->failed; i++)
        wire_device_error4(x, &v->lea_errors[i]);
    return !x->failed;
}

bool wire_io_info4(struct xdr *x, struct io_info4 *v)
{
    xdr_u64(x, &v->ii_count);
    xdr_u64(x, &v->ii_bytes);
    return !x->failed;
}

bool wire_LAYOUTSTATS4args(struct xdr *x, struct LAYOUTSTATS4args *v)
{
    xdr_u64(x, &v->lsa_offset);
    xdr_u64(x, &v->lsa_length);
    wire_stateid4(x, &v->lsa_stateid);
    wire_io_info4(x, &v->lsa_read);
    wire_io_info4(x, &v->lsa_write);
    xdr_fixed(x, v->lsa_deviceid, NFS4_DEVICEID4_SIZE);
    wire_layoutupdate4(x, &v->lsa_layoutupdate);
    return !x->failed;
}

bool wire_READ_PLUS4args(struct xdr *x, struct READ_PLUS4args *v)
{
    wire_stateid4(x, &v->rpa_stateid);
    xdr_u64(x, &v->rpa_offset);
    xdr_u32(x, &v->rpa_count);
    return !x->failed;
}

bool wire_SEEK4args(struct xdr *x, struct SEEK4args *v)
{
    wire_stateid4(x, &v->sa_stateid);
    xdr_u64(x, &v->sa_offset);
    XDR_ENUM(x, v->sa_what);
    return !x->failed;
}

bool wire_app_data_block4(struct xdr *x, struct app_data_block4 *v)
{
    xdr_u64(x, &v->adb_offset);
    xdr_u64(x, &v->adb_block_size);
    xdr_u64(x, &v->adb_block_count);
    xdr_u64(x, &v->adb_reloff_blocknum);
    xdr_u32(x, &v->adb_block_num);
    xdr_u64(x, &v->adb_reloff_pattern);
    xdr_opaque(x, &v->adb_pattern, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_WRITE_SAME4args(struct xdr *x, struct WRITE_SAME4args *v)
{
    wire_stateid4(x, &v->wsa_stateid);
    XDR_ENUM_RANGE(x, v->wsa_stable, UNSTABLE4, FILE_SYNC4);
    wire_app_data_block4(x, &v->wsa_adb);
    return !x->failed;
}

bool wire_CLONE4args(struct xdr *x, struct CLONE4args *v)
{
    wire_stateid4(x, &v->cl_src_stateid);
    wire_stateid4(x, &v->cl_dst_stateid);
    xdr_u64(x, &v->cl_src_offset);
    xdr_u64(x, &v->cl_dst_offset);
    xdr_u64(x, &v->cl_count);
    return !x->failed;
}
