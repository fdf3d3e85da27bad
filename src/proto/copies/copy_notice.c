/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/copies/copy_notice.h"

#include <string.h>

#include "callback/callback.h"

static enum copy_answer answer_of(enum callback_outcome outcome, const struct cb_reply *reply)
{
    if (outcome != CALLBACK_ANSWERED || reply->status == NFS4ERR_DELAY)
        return COPY_UNKNOWN;
    return reply->status == NFS4ERR_BAD_STATEID || reply->status == NFS4ERR_BADHANDLE
               ? COPY_DISOWNED
               : COPY_KNOWN;
}

static void answered(enum callback_outcome outcome, const struct cb_reply *reply, void *arg)
{
    struct copy *copy = arg;

    copy_queue_told(copy->queue, copy, answer_of(outcome, reply));
}

static void fill(struct copy *copy, struct CB_OFFLOAD4args *args)
{
    *args = (struct CB_OFFLOAD4args){.coa_fh = {.data = copy->to_fh.bytes, .len = copy->to_fh.len}};
    stateid_value(&copy->stateid, &args->coa_stateid);
    (void)copy_queue_status(copy->queue, copy, &args->coa_status);
    if (args->coa_status != NFS4_OK) {
        args->coa_bytes_copied = copy_done(copy);
        return;
    }
    args->coa_resok4 =
        (struct write_response4){.wr_count = copy_done(copy), .wr_committed = UNSTABLE4};
    memcpy(args->coa_resok4.wr_writeverf, copy->plan.verifier, NFS4_VERIFIER_SIZE);
}

void copy_notice_send(struct copy *copy)
{
    struct cb_op op = {.op = OP_CB_OFFLOAD};

    fill(copy, &op.offload);
    if (!callback_call(copy->server->callback, copy->stateid.client, &op, 1, &copy->call, answered,
                       copy))
        copy_queue_told(copy->queue, copy, COPY_UNKNOWN);
}
