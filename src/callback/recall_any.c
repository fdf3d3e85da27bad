/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/recall_any.h"

#include "callback/callback.h"
#include "state/client/client.h"
#include "state/delegation/delegation_pressure.h"

enum {
    FILES = 1 << RCA4_TYPE_MASK_RDATA_DLG | 1 << RCA4_TYPE_MASK_WDATA_DLG,
    DIRECTORIES = 1 << RCA4_TYPE_MASK_DIR_DLG
};

static bool answered(enum callback_outcome outcome, const struct cb_reply *reply)
{
    return outcome == CALLBACK_ANSWERED && reply->status == NFS4_OK;
}

static void recall_any_done(enum callback_outcome outcome, const struct cb_reply *reply, void *arg)
{
    struct client *client = arg;

    delegation_pressure_answered(client->state, client, answered(outcome, reply));
    client_put(client);
}

static void available_done(enum callback_outcome outcome, const struct cb_reply *reply, void *arg)
{
    (void)outcome;
    (void)reply;
    client_put(arg);
}

/* CB_RECALL_ANY and CB_RECALLABLE_OBJ_AVAIL have the same arguments. */
static bool call(struct callback *callback, struct client *client, enum nfs_cb_opnum4 number,
                 uint32_t objects, uint32_t types, callback_done *done)
{
    struct cb_op op = {
        .op = number,
        .recall_any = {.craa_objects_to_keep = objects,
                       .craa_type_mask = {.words = {types}, .count = 1}},
    };

    if (callback_call(callback, client_get(client), &op, 1, NULL, done, client))
        return true;
    client_put(client);
    return false;
}

static bool recall_any(struct client *client, uint32_t keep, enum delegation_any any, void *context)
{
    static const uint32_t types[] = {[DELEGATION_ANY_FILE] = FILES,
                                     [DELEGATION_ANY_DIRECTORY] = DIRECTORIES,
                                     [DELEGATION_ANY] = FILES | DIRECTORIES};

    return call(context, client, OP_CB_RECALL_ANY, keep, types[any], recall_any_done);
}

static void available(struct client *client, uint32_t count, bool directories, void *context)
{
    (void)call(context, client, OP_CB_RECALLABLE_OBJ_AVAIL, count,
               directories ? DIRECTORIES : FILES, available_done);
}

void recall_any_start(struct callback *callback)
{
    const struct delegation_pressure_hooks hooks = {recall_any, available, callback};

    delegation_pressure_hook(callback->state, &hooks);
}
