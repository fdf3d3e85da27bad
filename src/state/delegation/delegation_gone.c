/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_gone.h"

#include "state/delegation/delegation.h"
#include "state/delegation/delegation_lease.h"
#include "state/delegation/delegation_version.h"
#include "state/delegation/delegation_waiter.h"

void delegation_vfs_close(struct delegation *delegation)
{
    struct vfs_object *obj = delegation->obj;

    for (enum vfs_open_want want = VFS_WANT_READ; want <= VFS_WANT_BOTH; want++) {
        if (delegation->held & (1u << want))
            obj->fs->ops->close(obj, want);
    }
    delegation->held = 0;
}

/* What was told of it stays true as long as no other size has its change attribute. */
static void version_settle(const struct delegation *delegation)
{
    const struct delegation_version *told = &delegation->reported;
    struct delegation_version backend;

    if (told->change == 0 || !delegation_version_read(delegation->obj, &backend))
        return;
    if (backend.change == told->change && backend.size != told->size)
        (void)delegation_version_touch(delegation->obj); /* if that fails the file is lost anyhow */
}

void delegation_gone_init(struct delegation_gone *gone)
{
    list_init(&gone->ended);
    list_init(&gone->woken);
}

void delegation_gone_settle(struct delegation_gone *gone)
{
    struct list *link;

    while ((link = list_pop_front(&gone->ended))) {
        struct delegation *delegation = LIST_ENTRY(link, struct delegation, file_link);

        version_settle(delegation);
        delegation_lease_drop(delegation);
        if (stateid_revoked(&delegation->sid) != NFS4_OK)
            delegation_vfs_close(delegation);
        stateid_put(&delegation->sid);
    }
    delegation_waiters_wake(&gone->woken);
}
