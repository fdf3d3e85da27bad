/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET_DIR_DELEGATION (RFC 8881 §18.39).  The delegation is recalled when the directory changes in a
 * way that its holder has not subscribed to.  A refusal is GDD4_UNAVAIL and never an error: Linux
 * asks within the COMPOUND of a GETATTR, which an error would fail.
 */
#include "state/delegation/delegation_dir.h"

#include "base/clock.h"
#include "proto/ops/dir_subscription.h"
#include "proto/ops/ops.h"
#include "state/delegation/delegation_conflict.h"
#include "state/delegation/delegation_pressure.h"

static bool time_valid(const struct nfstime4 *time)
{
    return time->seconds >= 0 && time->nseconds < NSEC_PER_SEC;
}

static enum nfsstat4 check_args(const struct compound *c,
                                const struct GET_DIR_DELEGATION4args *args)
{
    enum nfsstat4 status = compound_need_dir(c);

    if (status == NFS4ERR_SYMLINK)
        status = NFS4ERR_NOTDIR; /* GET_DIR_DELEGATION may not say SYMLINK, RFC 8881 §15.2 */
    if (status != NFS4_OK)
        return status;
    return time_valid(&args->gdda_child_attr_delay) && time_valid(&args->gdda_dir_attr_delay)
               ? NFS4_OK
               : NFS4ERR_INVAL;
}

/* Are there exports among its entries?  They come and go without a request. */
static bool is_covered(const struct compound *c)
{
    return c->current.export->pseudo || export_has_children(c->server->exports, c->current.obj);
}

/* May the caller list it? */
static bool can_be_listed(const struct compound *c)
{
    const uint32_t want = VFS_MAY_READ | VFS_MAY_LOOKUP;
    struct vfs_object *dir = c->current.obj;
    uint32_t granted;

    return dir->fs->ops->access(dir, &c->cred, want, &granted) == VFS_OK && granted == want;
}

static bool offer(struct compound *c, struct delegation_subscription *wants,
                  struct stateid4 *stateid, enum delegation_counter *why)
{
    uint8_t fh[LIMIT_FH_BYTES];
    struct session_call call = {.slotid = c->slot_id, .sequenceid = c->sequence_id};
    const struct delegation_request request = {
        .client = c->client,
        .obj = c->current.obj,
        .cred = &c->cred,
        .kind = DELEGATION_DIRECTORY,
        .wants = wants,
        .fh = {fh, export_fh_build(c->current.export, &c->current.obj->handle, fh)},
        .call = &call,
        .now_ns = c->call->received_ns,
    };

    memcpy(call.sessionid, c->session_id, sizeof(call.sessionid));
    return delegation_dir_offer(c->server->state, &request, stateid, why);
}

static void answer(struct compound *c, const struct GET_DIR_DELEGATION4args *args,
                   struct GET_DIR_DELEGATION4res_non_fatal *res)
{
    enum delegation_counter why = DELEGATION_COUNTER_refused_setting;
    struct GET_DIR_DELEGATION4resok *resok = &res->gddrnf_resok4;
    struct delegation_subscription wants;

    dir_subscription_choose(c, args, &wants);
    if (is_covered(c) || !can_be_listed(c) || !offer(c, &wants, &resok->gddr_stateid, &why)) {
        res->gddrnf_status = GDD4_UNAVAIL;
        res->gddrnf_will_signal_deleg_avail =
            args->gdda_signal_deleg_avail && why == DELEGATION_COUNTER_refused_limit &&
            delegation_will_signal(c->server->state, c->client, true);
        return;
    }
    vfs_memo_expire();
    res->gddrnf_status = GDD4_OK;
    dir_subscription_describe(args, &wants, resok);
    compound_set_stateid(c, &resok->gddr_stateid);
    /* Whoever has covered it meanwhile may not have seen the delegation, nor may one who has taken
     * away the right to list it. */
    if (is_covered(c) || (wants.types && !can_be_listed(c)))
        delegation_recall_all(c->server->state, c->current.obj, DELEGATION_USE_CHANGE, false,
                              c->call->received_ns);
}

enum nfsstat4 op_get_dir_delegation(struct compound *c, const struct GET_DIR_DELEGATION4args *args)
{
    struct GET_DIR_DELEGATION4res_non_fatal res = {0};
    enum nfsstat4 status;

    if (delegation_dir_allowed(c->server->state) == DELEGATION_DIR_NONE)
        return NFS4ERR_NOTSUPP;
    CHECK(c->client && c->session_id);
    status = check_args(c, args);
    if (status != NFS4_OK)
        return status;
    answer(c, args, &res);
    wire_GET_DIR_DELEGATION4res_non_fatal(c->out, &res);
    return NFS4_OK;
}
