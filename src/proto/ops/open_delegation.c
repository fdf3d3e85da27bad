/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ops/open_delegation.h"

#include "state/delegation/delegation.h"
#include "state/delegation/delegation_offer.h"
#include "state/delegation/delegation_pressure.h"

/* What the client gets. */
struct delegation_grant {
    enum delegation_kind kind;
    struct stateid4 stateid;
    bool recall, times;
};

static uint32_t wanted(uint32_t access)
{
    return access & OPEN4_SHARE_ACCESS_WANT_DELEG_MASK;
}

/* Wants are not kept: clients are not told when a contention is over (RFC 8881 §18.49.3). */
void open_delegation_refuse(uint32_t access, enum why_no_delegation4 why,
                            struct open_delegation4 *out)
{
    *out = (struct open_delegation4){.delegation_type = OPEN_DELEGATE_NONE};
    if (!(access & OPEN_DELEGATION_WANTS))
        return;
    out->delegation_type = OPEN_DELEGATE_NONE_EXT;
    out->od_whynone.ond_why = why;
}

static enum delegation_kind reclaimed_kind(enum open_delegation_type4 type)
{
    return type == OPEN_DELEGATE_WRITE || type == OPEN_DELEGATE_WRITE_ATTRS_DELEG ? DELEGATION_WRITE
                                                                                  : DELEGATION_READ;
}

/* Which kind to offer; false, and *why, if none can be.  A client that names no kind is offered the
 * one that fits its open. */
static bool choose(const struct open_delegation_ask *ask, enum delegation_kind *kind,
                   enum why_no_delegation4 *why)
{
    const uint32_t want = wanted(ask->access);
    bool writes = (ask->access & OPEN4_SHARE_ACCESS_WRITE) && !ask->export->read_only;

    *why = WND4_NOT_SUPP_FTYPE;
    if (vfs_type_is_dir(ask->obj->type))
        *why = WND4_IS_DIR;
    else if (ask->obj->type != VFS_REG && want == OPEN4_SHARE_ACCESS_WANT_WRITE_DELEG)
        *why = WND4_WRITE_DELEG_NOT_SUPP_FTYPE;
    if (ask->obj->type != VFS_REG)
        return false;
    *kind = writes ? DELEGATION_WRITE : DELEGATION_READ;
    if (want == OPEN4_SHARE_ACCESS_WANT_READ_DELEG)
        *kind = DELEGATION_READ;
    if (want == OPEN4_SHARE_ACCESS_WANT_WRITE_DELEG)
        *kind = DELEGATION_WRITE;
    if (ask->reclaim != OPEN_DELEGATE_NONE)
        *kind = reclaimed_kind(ask->reclaim);
    *why = WND4_WRITE_DELEG_NOT_SUPP_FTYPE;
    return *kind == DELEGATION_READ || !ask->export->read_only;
}

/* The client writes all data at CLOSE.  Otherwise Linux would send the rest together with
 * DELEGRETURN, and the client that caused the recall might read before the data are there; nor is
 * space reserved for them (RFC 8881 §10.4.1). */
static struct nfs_space_limit4 space_limit(void)
{
    return (struct nfs_space_limit4){.limitby = NFS_LIMIT_SIZE, .filesize = 0};
}

/* The entry grants nothing to any user: clients send ACCESS (RFC 8881 §10.4). */
static struct nfsace4 no_permission(void)
{
    return (struct nfsace4){.type = ACE4_ACCESS_ALLOWED_ACE_TYPE};
}

/* A client that reclaims gets the times back that it had, if it still wants them or not. */
static bool wants_times(const struct compound *c, const struct open_delegation_ask *ask)
{
    if (ask->reclaim != OPEN_DELEGATE_NONE)
        return ask->reclaim == OPEN_DELEGATE_READ_ATTRS_DELEG ||
               ask->reclaim == OPEN_DELEGATE_WRITE_ATTRS_DELEG;
    return (ask->access & c->open_wants & OPEN4_SHARE_ACCESS_WANT_DELEG_TIMESTAMPS) &&
           !ask->export->read_only;
}

static void give(const struct delegation_grant *grant, struct open_delegation4 *out)
{
    if (grant->kind == DELEGATION_READ) {
        out->delegation_type = grant->times ? OPEN_DELEGATE_READ_ATTRS_DELEG : OPEN_DELEGATE_READ;
        out->read = (struct open_read_delegation4){
            .stateid = grant->stateid, .recall = grant->recall, .permissions = no_permission()};
        return;
    }
    out->delegation_type = grant->times ? OPEN_DELEGATE_WRITE_ATTRS_DELEG : OPEN_DELEGATE_WRITE;
    out->write = (struct open_write_delegation4){.stateid = grant->stateid,
                                                 .recall = grant->recall,
                                                 .space_limit = space_limit(),
                                                 .permissions = no_permission()};
}

static bool offer(struct compound *c, const struct open_delegation_ask *ask,
                  enum delegation_kind kind, struct open_delegation4 *out,
                  enum why_no_delegation4 *why)
{
    uint8_t fh[LIMIT_FH_BYTES];
    struct session_call call = {.slotid = c->slot_id, .sequenceid = c->sequence_id};
    struct delegation_grant grant = {.recall = false};
    const struct delegation_request request = {
        .client = c->client,
        .obj = ask->obj,
        .cred = &c->cred,
        .kind = kind,
        .read_ok = wanted(ask->access) == OPEN4_SHARE_ACCESS_WANT_ANY_DELEG,
        .created = ask->created,
        .reclaim = ask->reclaim != OPEN_DELEGATE_NONE,
        .recall = &grant.recall,
        .wants_times = wants_times(c, ask),
        .times = &grant.times,
        .fh = {fh, export_fh_build(ask->export, &ask->obj->handle, fh)},
        .call = c->session_id ? &call : NULL,
        .now_ns = c->call->received_ns,
    };

    if (c->session_id)
        memcpy(call.sessionid, c->session_id, sizeof(call.sessionid));
    vfs_memo_off(); /* what the client sees from now on must be as of the delegation */
    if (!delegation_offer(c->server->state, &request, &grant.kind, &grant.stateid, why))
        return false;
    vfs_memo_expire();
    give(&grant, out);
    return true;
}

void open_delegation_offer(struct compound *c, const struct open_delegation_ask *ask,
                           struct open_delegation4 *out)
{
    enum why_no_delegation4 why = WND4_NOT_WANTED;
    enum delegation_kind kind;

    if (wanted(ask->access) == OPEN4_SHARE_ACCESS_WANT_CANCEL)
        why = WND4_CANCELLED;
    else if (wanted(ask->access) != OPEN4_SHARE_ACCESS_WANT_NO_DELEG && choose(ask, &kind, &why) &&
             offer(c, ask, kind, out, &why))
        return;
    open_delegation_refuse(ask->access, why, out);
    if (why == WND4_RESOURCE && wanted(ask->access) != 0 &&
        (ask->access & OPEN4_SHARE_ACCESS_WANT_SIGNAL_DELEG_WHEN_RESRC_AVAIL))
        out->od_whynone.ond_server_will_signal_avail =
            delegation_will_signal(c->server->state, c->client, false);
}

const struct stateid4 *open_delegation_stateid(const struct open_delegation4 *delegation)
{
    switch (delegation->delegation_type) {
    case OPEN_DELEGATE_READ:
    case OPEN_DELEGATE_READ_ATTRS_DELEG:
        return &delegation->read.stateid;
    case OPEN_DELEGATE_WRITE:
    case OPEN_DELEGATE_WRITE_ATTRS_DELEG:
        return &delegation->write.stateid;
    case OPEN_DELEGATE_NONE:
    case OPEN_DELEGATE_NONE_EXT:
        break;
    }
    return NULL;
}

/* One for READ keeps other clients from writing, but not from reading. */
bool open_delegation_covers(const struct open_delegation4 *delegation, uint32_t access,
                            uint32_t deny)
{
    switch (delegation->delegation_type) {
    case OPEN_DELEGATE_READ:
    case OPEN_DELEGATE_READ_ATTRS_DELEG:
        return !(access & OPEN4_SHARE_ACCESS_WRITE) && !(deny & OPEN4_SHARE_DENY_READ);
    case OPEN_DELEGATE_WRITE:
    case OPEN_DELEGATE_WRITE_ATTRS_DELEG:
        return true;
    case OPEN_DELEGATE_NONE:
    case OPEN_DELEGATE_NONE_EXT:
        break;
    }
    return false;
}
