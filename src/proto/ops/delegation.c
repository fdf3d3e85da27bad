/* SPDX-License-Identifier: Apache-2.0 */
/* DELEGRETURN (RFC 8881 §18.6).  No delegation is ever given out, so no stateid names one. */
#include "proto/ops/ops.h"

enum nfsstat4 op_delegreturn(struct compound *c, const struct DELEGRETURN4args *args)
{
    enum nfsstat4 status = compound_need_fh(c);

    (void)args;
    return status == NFS4_OK ? NFS4ERR_BAD_STATEID : status;
}
