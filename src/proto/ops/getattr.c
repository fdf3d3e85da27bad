/* SPDX-License-Identifier: Apache-2.0 */
/* GETATTR, VERIFY, NVERIFY. */
#include "proto/attr/attr.h"
#include "proto/attr/attr_owner.h"
#include "proto/ops/ops.h"

enum nfsstat4 op_getattr(struct compound *c, const struct GETATTR4args *args)
{
    enum nfsstat4 status = compound_need_fh(c);
    const size_t start = xdr_pos(c->out);

    if (status == NFS4_OK)
        status = attr_check_readable(c, &args->attr_request);
    if (status != NFS4_OK)
        return status;
    for (;;) {
        status =
            attr_encode_object(c, c->current.obj, c->current.export, &args->attr_request, c->out);
        if (status != NFS4_OK || !attr_names_await(c))
            return status;
        xdr_rewind(c->out, start);
    }
}

enum nfsstat4 op_verify(struct compound *c, const struct VERIFY4args *args)
{
    enum nfsstat4 status = compound_need_fh(c);

    return status == NFS4_OK ? attr_compare(c, &args->obj_attributes) : status;
}

enum nfsstat4 op_nverify(struct compound *c, const struct NVERIFY4args *args)
{
    enum nfsstat4 status = compound_need_fh(c);

    if (status == NFS4_OK)
        status = attr_compare(c, &args->obj_attributes);
    if (status == NFS4ERR_NOT_SAME)
        return NFS4_OK;
    return status == NFS4_OK ? NFS4ERR_SAME : status;
}
