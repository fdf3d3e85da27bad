/* SPDX-License-Identifier: Apache-2.0 */
/*
 * REMOVE and RENAME.  The entry that disappears is identified first, so that its object, if known,
 * and its note in the map are updated, too.
 */
#include "backend/local/remove.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "backend/local/cache.h"
#include "backend/local/change.h"
#include "backend/local/change_info.h"
#include "backend/local/cred.h"
#include "backend/local/descriptor.h"
#include "backend/local/identify.h"
#include "backend/local/keep.h"
#include "backend/local/known.h"
#include "backend/local/lookup.h"
#include "backend/local/names.h"
#include "backend/local/note.h"
#include "backend/local/orphan.h"
#include "backend/local/resolve.h"
#include "backend/local/status.h"
#include "backend/local/statx.h"
#include "backend/local/tell.h"

/* An entry that is about to be removed. */
struct victim {
    bool there;
    struct local_id id;
    uint64_t ino; /* its attributes are about to change; 0: unknown, or it is not there */
    struct local_object *obj; /* with its path held, if it was in the cache */
    struct local_node *node;  /* otherwise held, if another export uses it */
    int fd;                   /* O_PATH, or -1 */
};

static void victim_put(const struct local_object *dir, struct victim *victim)
{
    local_node_put(local_fs_of(&dir->base)->volume, victim->node);
    if (victim->ino != 0)
        local_changing_end_ino(local_fs_of(&dir->base), victim->ino);
    if (victim->fd >= 0)
        close(victim->fd);
    if (!victim->obj)
        return;
    local_path_put(victim->obj);
    vfs_object_put(&victim->obj->base);
}

/* Where the kernel's handles do not tell the inode, nothing is kept. */
static void victim_change(const struct local_fs *fs, struct victim *victim)
{
    victim->ino = local_known_ino(fs->magic, &victim->id);
    if (victim->ino != 0)
        local_changing_begin_ino(fs, victim->ino);
}

/* A known object keeps its descriptor from now on, so that clients that have it open keep the file.
 * VFS_DELAY: no descriptor is available. */
static enum vfs_status victim_look(struct local_object *dir, const char *name,
                                   struct victim *victim)
{
    struct local_fs *fs = local_fs_of(&dir->base);
    enum vfs_status status = VFS_OK;

    victim->fd = -1;
    victim->ino = 0;
    victim->there = local_identify(fs, dir->path_fd, name, &victim->id) == 0;
    victim->obj = victim->there ? local_cache_lookup(fs, &victim->id) : NULL;
    if (victim->obj)
        status = local_path_get(victim->obj);
    if (status != VFS_OK) {
        vfs_object_put(&victim->obj->base);
        victim->obj = NULL;
    }
    victim->node =
        victim->there && !victim->obj ? local_node_lookup(fs->volume, &victim->id) : NULL;
    if (victim->there)
        victim_change(fs, victim);
    return status == VFS_STALE ? VFS_OK : status; /* another process removed it first */
}

static struct local_node *victim_node(const struct victim *victim)
{
    return victim->obj ? victim->obj->file : victim->node;
}

static int victim_open(struct local_object *dir, const char *name, const struct victim *victim)
{
    struct local_fs *fs = local_fs_of(&dir->base);
    struct local_id found;
    int fd;

    if (victim->obj)
        return local_descriptor_reopen(fs, victim->obj->path_fd, O_PATH);
    fd = openat(dir->path_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || (local_identify(fs, fd, "", &found) == 0 && local_id_equal(&found, &victim->id)))
        return fd;
    close(fd);
    errno = ENOENT;
    return -1;
}

/* The file may lose its last name while it is open through another export, which may have no
 * descriptor of it: open one just in case.  VFS_DELAY: there are as many such files as descriptors
 * permit. */
static enum vfs_status victim_hold(struct local_object *dir, const char *name,
                                   struct victim *victim)
{
    struct local_fs *fs = local_fs_of(&dir->base);
    struct local_node *node = victim_node(victim);

    if (!node || !local_node_shared(fs->volume, node) ||
        (victim->obj && victim->obj->base.type == VFS_DIR))
        return VFS_OK;
    if (atomic_load(&node->opens) > 0 &&
        atomic_load_explicit(&fs->volume->kept, memory_order_relaxed) >=
            fs->descriptors_max / LOCAL_ORPHANS_PART) {
        vfs_shortage();
        return VFS_DELAY;
    }
    victim->fd = victim_open(dir, name, victim);
    return victim->fd >= 0 ? VFS_OK : local_failure(errno);
}

/* The name may stand for another object than when the caller looked. */
static enum vfs_status victim_check(const struct victim *victim, const struct vfs_name *name)
{
    const struct vfs_object *obj = victim->obj ? &victim->obj->base : NULL;

    return !victim->there || vfs_name_fits(name, obj) ? VFS_OK : VFS_CHANGED;
}

/* Only now is it certain whether the file is open: a later open finds that it has no name. */
static void victim_keep(struct local_object *dir, struct victim *victim)
{
    struct statx st;

    if (victim->fd < 0 || local_statx(victim->fd, "", &st) != 0 || st.stx_nlink > 0)
        return;
    local_node_keep(local_fs_of(&dir->base)->volume, victim_node(victim), victim->fd);
    victim->fd = -1;
}

/* A directory that only another export knows is told to its watchers here, others by
 * local_orphan_check(). */
static void victim_gone(struct local_object *dir, const char *name, struct victim *victim)
{
    if (victim->there)
        local_note_gone(dir, name, &victim->id, victim->obj);
    if (victim->node) {
        local_change_mark(victim->node);
        local_tell_kind(victim->node, VFS_CHANGE_GONE, NULL);
    }
    victim_keep(dir, victim);
    if (victim->obj)
        local_orphan_check(victim->obj);
}

static int unlink_any(struct local_object *dir, const char *name, const struct victim *victim)
{
    if (victim->obj && victim->obj->base.type == VFS_DIR)
        return unlinkat(dir->path_fd, name, AT_REMOVEDIR) == 0 ? 0 : errno;
    if (unlinkat(dir->path_fd, name, 0) == 0)
        return 0;
    if (errno != EISDIR)
        return errno;
    return unlinkat(dir->path_fd, name, AT_REMOVEDIR) == 0 ? 0 : errno;
}

static void tell_removed(struct local_object *dir, const char *name, struct local_object *obj,
                         uint64_t after, const void *actor)
{
    const struct vfs_change change = {
        .kind = VFS_CHANGE_REMOVE,
        .actor = actor,
        .after = after,
        .entry = local_tell_entry(name, obj),
    };

    local_tell(dir, &change);
}

static enum vfs_status remove_entry(struct local_object *dir, const char *name,
                                    const struct victim *victim, const void *actor)
{
    int err = unlink_any(dir, name, victim);

    if (err)
        local_tell_failed(dir, err, actor);
    return local_status(err);
}

enum vfs_status local_remove(struct vfs_object *base, const struct vfs_cred *cred,
                             const struct vfs_name *name, struct vfs_change_info *info)
{
    struct local_object *dir = local_of(base);
    struct victim victim;
    struct local_turn turn;
    struct local_name text;
    enum vfs_status status;

    if (base->type != VFS_DIR)
        return VFS_NOTDIR;
    status = local_name_copy(name, &text);
    if (status == VFS_OK)
        status = local_cred_use(local_fs_of(base), cred);
    if (status != VFS_OK)
        return status;
    vfs_blocking_begin(false);
    status = local_names_begin(dir, text.text, &turn);
    if (status != VFS_OK) {
        vfs_blocking_end();
        return status;
    }
    status = victim_look(dir, text.text, &victim);
    if (status == VFS_OK)
        status = victim_check(&victim, name);
    if (status == VFS_OK && victim.obj)
        status = local_orphan_admit(victim.obj);
    if (status == VFS_OK)
        status = victim_hold(dir, text.text, &victim);
    local_change_before(dir, info);
    if (status == VFS_OK)
        status = remove_entry(dir, text.text, &victim, cred->actor);
    if (status == VFS_OK) {
        local_change_after(dir, info, true);
        tell_removed(dir, text.text, victim.obj, info->after, cred->actor);
        victim_gone(dir, text.text, &victim);
    }
    local_names_end(dir, &turn);
    victim_put(dir, &victim);
    vfs_blocking_end();
    return status == VFS_EXIST ? VFS_NOTEMPTY : status;
}

struct renaming {
    struct local_object *from_dir, *to_dir;
    struct local_name from, to;
    const struct vfs_name *from_name, *to_name;
    const void *actor;
    struct victim moved, replaced;
};

static void renamed(struct renaming *r)
{
    struct local_node *node = victim_node(&r->moved);
    struct statx st;

    if (r->moved.there && local_statx(r->to_dir->path_fd, r->to.text, &st) == 0) {
        local_note_gone(r->from_dir, r->from.text, &r->moved.id, r->moved.obj);
        (void)local_note(r->to_dir, r->to.text, &r->moved.id, st.stx_ino);
    }
    if (node) {
        local_change_mark(node);
        local_tell_kind(node, VFS_CHANGE_DIR, r->actor);
    }
}

/* `moved`: NULL if it is not known. */
static void tell_renamed(const struct renaming *r, struct local_object *moved, uint64_t from_after,
                         uint64_t to_after)
{
    bool within = r->to_dir == r->from_dir;
    struct vfs_change change = {
        .kind = within ? VFS_CHANGE_RENAME : VFS_CHANGE_ADD,
        .actor = r->actor,
        .after = to_after,
        .entry = local_tell_entry(r->to.text, moved),
    };

    if (within)
        change.old = local_tell_entry(r->from.text, moved);
    else
        tell_removed(r->from_dir, r->from.text, moved, from_after, r->actor);
    if (r->replaced.there)
        change.replaced = local_tell_entry(r->to.text, r->replaced.obj);
    local_tell(r->to_dir, &change);
}

/* Those who watch the new place want to know what came there. */
static void look_and_tell_renamed(const struct renaming *r, uint64_t from_after, uint64_t to_after)
{
    struct local_object *found = NULL;

    if (!r->moved.obj && vfs_watched(&r->to_dir->file->base) &&
        local_child(r->to_dir, r->to.text, &found) != VFS_OK)
        found = NULL;
    tell_renamed(r, r->moved.obj ? r->moved.obj : found, from_after, to_after);
    if (found)
        vfs_object_put(&found->base);
}

static enum vfs_status victims_look(struct renaming *r)
{
    enum vfs_status status = victim_look(r->from_dir, r->from.text, &r->moved);

    if (status == VFS_OK)
        status = victim_look(r->to_dir, r->to.text, &r->replaced);
    if (status == VFS_OK)
        status = victim_check(&r->moved, r->from_name);
    if (status == VFS_OK && r->moved.there)
        status = victim_check(&r->replaced, r->to_name);
    if (status == VFS_OK && r->replaced.obj && r->replaced.obj != r->moved.obj)
        status = local_orphan_admit(r->replaced.obj);
    if (status == VFS_OK && !local_id_equal(&r->replaced.id, &r->moved.id))
        status = victim_hold(r->to_dir, r->to.text, &r->replaced);
    return status;
}

static void tell_failed(const struct renaming *r, int err)
{
    local_tell_failed(r->from_dir, err, r->actor);
    if (r->to_dir != r->from_dir)
        local_tell_failed(r->to_dir, err, r->actor);
}

/* Sets *changed to false if both names refer to the same object: POSIX leaves them as they are. */
static enum vfs_status rename_entry(struct renaming *r, bool *changed)
{
    enum vfs_status status = victims_look(r);
    int err = 0;

    *changed =
        !r->moved.there || !r->replaced.there || !local_id_equal(&r->moved.id, &r->replaced.id);
    if (status == VFS_OK &&
        renameat(r->from_dir->path_fd, r->from.text, r->to_dir->path_fd, r->to.text) != 0)
        err = errno;
    if (status != VFS_OK)
        return status;
    if (!err && *changed)
        renamed(r);
    if (err)
        tell_failed(r, err);
    return err == EEXIST ? VFS_NOTEMPTY : local_status(err);
}

/* Runs under the caller's identity. */
static enum vfs_status rename_and_tell(struct renaming *r, struct vfs_change_info *from_info,
                                       struct vfs_change_info *to_info)
{
    bool changed;
    enum vfs_status status;

    local_change_before(r->from_dir, from_info);
    if (r->to_dir != r->from_dir)
        local_change_before(r->to_dir, to_info);
    status = rename_entry(r, &changed);
    if (status == VFS_OK) {
        local_change_after(r->from_dir, from_info, changed);
        if (r->to_dir != r->from_dir)
            local_change_after(r->to_dir, to_info, changed);
    }
    if (r->to_dir == r->from_dir)
        *to_info = *from_info;
    if (status == VFS_OK && changed) {
        look_and_tell_renamed(r, from_info->after, to_info->after);
        victim_gone(r->to_dir, r->to.text, &r->replaced);
    }
    return status;
}

enum vfs_status local_rename(struct vfs_object *from_dir, const struct vfs_name *from,
                             struct vfs_object *to_dir, const struct vfs_name *to,
                             const struct vfs_cred *cred, struct vfs_change_info *from_info,
                             struct vfs_change_info *to_info)
{
    struct renaming r = {.from_dir = local_of(from_dir),
                         .to_dir = local_of(to_dir),
                         .from_name = from,
                         .to_name = to,
                         .actor = cred->actor,
                         .moved = {.fd = -1},
                         .replaced = {.fd = -1}};
    struct local_turns turns;
    enum vfs_status status;

    if (from_dir->type != VFS_DIR || to_dir->type != VFS_DIR)
        return VFS_NOTDIR;
    if (from_dir->fs != to_dir->fs)
        return VFS_XDEV;
    status = local_name_copy(from, &r.from);
    if (status == VFS_OK)
        status = local_name_copy(to, &r.to);
    if (status == VFS_OK)
        status = local_cred_use(local_fs_of(from_dir), cred);
    if (status != VFS_OK)
        return status;
    vfs_blocking_begin(false);
    status = local_names_begin_both(r.from_dir, r.from.text, r.to_dir, r.to.text, &turns);
    if (status == VFS_OK) {
        status = rename_and_tell(&r, from_info, to_info);
        local_names_end_both(r.from_dir, r.to_dir, &turns);
        victim_put(r.from_dir, &r.moved);
        victim_put(r.to_dir, &r.replaced);
    }
    vfs_blocking_end();
    return status;
}
