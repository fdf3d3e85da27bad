/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/vfs_change.h"

#include "base/check.h"

static const struct vfs_change_hook *_Atomic change_hook;

void vfs_change_hook_set(const struct vfs_change_hook *hook)
{
    atomic_store_explicit(&change_hook, hook, memory_order_release);
}

/* Release: whoever finds the directory watched finds the hook. */
void vfs_watch_begin(struct vfs_object *dir, bool children)
{
    DCHECK(vfs_type_is_dir(dir->type));
    if (children)
        atomic_fetch_add_explicit(&dir->fs->child_watchers, 1, memory_order_release);
    atomic_fetch_add_explicit(&dir->node->watchers, 1, memory_order_release);
}

void vfs_watch_end(struct vfs_object *dir, bool children)
{
    uint32_t before = atomic_fetch_sub_explicit(&dir->node->watchers, 1, memory_order_release);

    CHECK(before > 0);
    if (!children)
        return;
    before = atomic_fetch_sub_explicit(&dir->fs->child_watchers, 1, memory_order_release);
    CHECK(before > 0);
}

void vfs_change_tell(struct vfs_node *dir, const struct vfs_change *change)
{
    const struct vfs_change_hook *hook;

    if (atomic_load_explicit(&dir->watchers, memory_order_acquire) == 0)
        return;
    hook = atomic_load_explicit(&change_hook, memory_order_acquire);
    if (hook)
        hook->changed(dir, change, hook->context);
}

void vfs_change_tell_kind(struct vfs_node *dir, enum vfs_change_kind kind, const void *actor)
{
    const struct vfs_change change = {.kind = kind, .actor = actor};

    vfs_change_tell(dir, &change);
}
