/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_lease_hook.h"

#include "base/clock.h"
#include "state/delegation/delegation_conflict.h"
#include "state/delegation/delegation_internal.h"

/* seq_cst, as all of delegation.h: either this finds the delegation, or its giver the break. */
static void broken(struct vfs_object *obj, enum vfs_lease use, bool held_up, void *context)
{
    struct state *state = context;

    atomic_fetch_add_explicit(&state->delegations->breaks, 1, memory_order_seq_cst);
    delegation_recall_all(state, obj,
                          use == VFS_LEASE_WRITE ? DELEGATION_USE_CHANGE : DELEGATION_USE_READ,
                          held_up, clock_now_ns());
}

void delegation_lease_start(struct state *state)
{
    vfs_lease_hook_set(&(struct vfs_lease_hook){.broken = broken, .context = state});
}

void delegation_lease_stop(void)
{
    vfs_lease_hook_set(NULL);
}
