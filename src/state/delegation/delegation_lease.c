/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_lease.h"

#include "state/delegation/delegation_internal.h"

static enum vfs_lease lease_of(enum delegation_kind kind)
{
    return kind == DELEGATION_WRITE ? VFS_LEASE_WRITE : VFS_LEASE_READ;
}

enum delegation_lease delegation_lease_take(struct state *state, struct vfs_object *obj,
                                            enum delegation_kind kind)
{
    uint32_t local = atomic_load_explicit(&state->delegations->local, memory_order_relaxed);

    if (!(obj->fs->caps & VFS_CAP_LEASE) || local == DELEGATION_LOCAL_ALL)
        return DELEGATION_LEASE_NEEDLESS;
    if (local == DELEGATION_LOCAL_NONE)
        return DELEGATION_LEASE_NONE;
    switch (obj->fs->ops->lease(obj, lease_of(kind))) {
    case VFS_OK:
        return DELEGATION_LEASE_TAKEN;
    case VFS_DELAY:
        return DELEGATION_LEASE_BUSY;
    default:
        return DELEGATION_LEASE_NONE;
    }
}

void delegation_lease_drop(struct delegation *delegation)
{
    struct vfs_object *obj = delegation->obj;
    uint32_t leases = delegation->leases;

    delegation->leases = 0;
    for (enum delegation_kind kind = DELEGATION_READ; kind <= DELEGATION_WRITE; kind++) {
        if (leases & (1u << kind))
            obj->fs->ops->unlease(obj, lease_of(kind));
    }
}

uint64_t delegation_lease_breaks(const struct state *state)
{
    return atomic_load_explicit(&state->delegations->breaks, memory_order_seq_cst);
}

void delegation_allow_local(struct state *state, enum delegation_local which)
{
    atomic_store_explicit(&state->delegations->local, which, memory_order_relaxed);
}
