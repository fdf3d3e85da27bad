/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/recall_slot.h"

#include "callback/callback.h"
#include "state/session/session.h"

/* Whatever the reply, the client's later requests show whether it complies. */
static void asked(enum callback_outcome outcome, const struct cb_reply *reply, void *arg)
{
    struct session *session = arg;

    (void)outcome;
    (void)reply;
    slot_recall_done(session);
    session_put(session);
}

static bool ask(struct session *session, uint32_t target_highest, void *context)
{
    struct cb_op op = {.op = OP_CB_RECALL_SLOT,
                       .recall_slot = {.rsa_target_highest_slotid = target_highest}};

    if (callback_call_session(context, session_get(session), &op, 1, NULL, asked, session))
        return true;
    session_put(session);
    return false;
}

void recall_slot_start(struct callback *callback)
{
    slot_recall_hook(callback->state, &(struct slot_recall_hook){ask, callback});
}
