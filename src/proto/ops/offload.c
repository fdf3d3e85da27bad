/* SPDX-License-Identifier: Apache-2.0 */
/* OFFLOAD_CANCEL and OFFLOAD_STATUS (RFC 7862 §15.8, §15.9). */
#include "proto/copies/copies.h"
#include "proto/ops/ops.h"

enum nfsstat4 op_offload_cancel(struct compound *c, const struct OFFLOAD_CANCEL4args *args)
{
    return copies_cancel(c, &args->oca_stateid);
}

enum nfsstat4 op_offload_status(struct compound *c, const struct OFFLOAD_STATUS4args *args)
{
    enum nfsstat4 complete;
    struct OFFLOAD_STATUS4resok resok = {.osr_complete = &complete};
    enum nfsstat4 status = copies_status(c, &args->osa_stateid, &resok);

    if (status == NFS4_OK)
        wire_OFFLOAD_STATUS4resok(c->out, &resok);
    return status;
}
