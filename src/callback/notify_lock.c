/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/notify_lock.h"

#include "callback/callback.h"
#include "state/client/client.h"
#include "state/lock/lock_notice.h"

/* A client that rejects the notice is not expected to lock. */
static void answered(enum callback_outcome outcome, const struct cb_reply *reply, void *arg)
{
    lock_notice_done(arg, outcome == CALLBACK_ANSWERED && reply->status == NFS4_OK);
}

bool notify_lock_tell(struct lock_notice *notice, void *context)
{
    struct cb_op op = {
        .op = OP_CB_NOTIFY_LOCK,
        .notify_lock = {.cnla_fh = {.data = notice->fh, .len = notice->fh_len},
                        .cnla_lock_owner = {.clientid = notice->client->id,
                                            .owner = {notice->owner, notice->owner_len}}},
    };

    return callback_call(context, notice->client, &op, 1, NULL, answered, notice);
}
