/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_fs.h"

#include "state/delegation/delegation_internal.h"

bool delegation_begin_fs(struct state *state, const struct vfs *fs)
{
    struct delegation_tables *tables = state->delegations;
    _Atomic uint32_t *count = &delegation_progress_of(tables, fs->volume)->count;

    if (delegation_held(tables) > 0)
        return false;
    atomic_fetch_add_explicit(count, 1, memory_order_seq_cst);
    if (delegation_held(tables) == 0)
        return true;
    atomic_fetch_sub_explicit(count, 1, memory_order_seq_cst);
    return false;
}

void delegation_end_fs(struct state *state, const struct vfs *fs)
{
    _Atomic uint32_t *count = &delegation_progress_of(state->delegations, fs->volume)->count;
    uint32_t before = atomic_fetch_sub_explicit(count, 1, memory_order_seq_cst);

    DCHECK(before > 0);
    (void)before;
}
