/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names to objects.  One statx() under the caller's identity answers three questions: may the
 * caller search the directory, does the entry exist, and which object is it?  For known objects
 * nothing more is needed.  Where statx() does not tell the third (known.h), a name_to_handle_at()
 * does.  An object that the server may open by handle is not opened before a call needs that.
 */
#include "backend/local/lookup.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "backend/local/ancestry.h"
#include "backend/local/cache.h"
#include "backend/local/cred.h"
#include "backend/local/handle.h"
#include "backend/local/identify.h"
#include "backend/local/memo.h"
#include "backend/local/note.h"
#include "backend/local/object.h"
#include "backend/local/status.h"
#include "backend/local/statx.h"
#include "backend/local/volume.h"

enum {
    /* How often a name is looked up anew when what it stood for has been replaced meanwhile. */
    CHILD_TURNS = 32
};

enum vfs_status local_name_copy(const struct vfs_name *name, struct local_name *out)
{
    if (name->len == 0)
        return VFS_INVAL;
    if (name->len > LIMIT_NAME_BYTES)
        return VFS_NAMETOOLONG;
    if (memchr(name->data, '/', name->len) || memchr(name->data, '\0', name->len))
        return VFS_BADNAME;
    memcpy(out->text, name->data, name->len);
    out->text[name->len] = '\0';
    return local_is_dots(out->text) ? VFS_BADNAME : VFS_OK;
}

/* What was found at a name. */
struct sight {
    struct local_id id;
    struct vfs_memo_mark mark; /* as of `st` */
    uint64_t version;          /* of the inode, read at once after `st`, which tells its number */
    struct statx st;
    enum local_match match; /* do these two belong together? */
};

/* Which object has the name now?  0 or an errno. */
static int identify(const struct local_object *dir, const char *name, struct sight *sight)
{
    const struct local_fs *fs = local_fs_of(&dir->base);

    sight->match = LOCAL_MATCH_UNKNOWN;
    sight->mark = vfs_memo_mark();
    if (fs->known && local_statx(dir->path_fd, name, &sight->st) == 0) {
        sight->version = local_version_read(&fs->volume->versions, sight->st.stx_ino);
        return local_identify_entry(fs, dir->path_fd, name, &sight->st, &sight->id, &sight->match);
    }
    /* Attributes may be denied where names are not. */
    if (fs->known && errno != EACCES)
        return errno;
    return local_identify(fs, dir->path_fd, name, &sight->id);
}

/* The name may have come to stand for another object meanwhile. */
static enum vfs_status child_open(struct local_object *dir, const char *name, struct sight *sight,
                                  struct local_object **out)
{
    int fd = openat(dir->path_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    sight->match = LOCAL_MATCH_UNKNOWN;
    if (fd < 0)
        return local_failure(errno);
    return local_cache_from_fd(local_fs_of(&dir->base), fd, -1, NULL, out);
}

/* Do the statx() and the ID describe the same object?  Another statx() may settle it: an inode
 * number does not go back to an earlier file. */
static bool is_sure(const struct local_object *dir, const char *name, struct sight *sight)
{
    struct local_versions *versions = &local_fs_of(&dir->base)->volume->versions;
    struct vfs_memo_mark mark = vfs_memo_mark();
    struct statx now;

    if (sight->match == LOCAL_MATCH_IF_STILL && local_statx(dir->path_fd, name, &now) == 0 &&
        now.stx_ino == sight->st.stx_ino && now.stx_btime.tv_sec == sight->st.stx_btime.tv_sec &&
        now.stx_btime.tv_nsec == sight->st.stx_btime.tv_nsec) {
        sight->match = LOCAL_MATCH_SURE;
        sight->mark = mark;
        sight->st = now;
        sight->version = local_version_read(versions, now.stx_ino);
    }
    return sight->match == LOCAL_MATCH_SURE && sight->st.stx_nlink > 0;
}

/* VFS_STALE: what had the name has lost its last one. */
static enum vfs_status find_child(struct local_object *dir, const char *name,
                                  struct local_object **out)
{
    struct local_fs *fs = local_fs_of(&dir->base);
    enum vfs_status status;
    struct sight sight;
    int err = identify(dir, name, &sight);

    if (err)
        return err == EXDEV ? VFS_NOENT : local_failure(err);
    *out = local_cache_lookup(fs, &sight.id);
    if (!*out && fs->by_handle && is_sure(dir, name, &sight))
        status = local_cache_add(fs, &sight.id, &sight.st, out);
    else
        status = *out ? VFS_OK : child_open(dir, name, &sight, out);
    if (status == VFS_OK && sight.match == LOCAL_MATCH_SURE)
        local_memo_keep(fs, *out, &sight.mark, sight.version, &sight.st);
    if (status == VFS_OK)
        local_note_child(dir, name, *out);
    /* An entry of a directory is in the export as of the same epoch as the directory. */
    if (status == VFS_OK && (*out)->base.type == VFS_DIR)
        local_object_inside(*out, local_object_inside_since(dir));
    return status;
}

/* A file that replaces another takes its name over at once: whoever looks finds one of them (RFC
 * 8881 §18.26). */
enum vfs_status local_child(struct local_object *dir, const char *name, struct local_object **out)
{
    enum vfs_status status;
    int turns = 0;

    do
        status = find_child(dir, name, out);
    while (status == VFS_STALE && ++turns < CHILD_TURNS);
    return status == VFS_XDEV || status == VFS_STALE ? VFS_NOENT : status;
}

enum vfs_status local_root(struct vfs *fs, struct vfs_object **out)
{
    *out = vfs_object_get(&CONTAINER_OF(fs, struct local_fs, base)->root->base);
    return VFS_OK;
}

enum vfs_status local_lookup(struct vfs_object *base, const struct vfs_cred *cred,
                             const struct vfs_name *name, struct vfs_object **out)
{
    struct local_object *dir = local_of(base), *obj;
    struct local_name text;
    enum vfs_status status;

    local_memo_drop();
    if (base->type != VFS_DIR)
        return VFS_NOTDIR;
    status = local_name_copy(name, &text);
    if (status == VFS_OK)
        status = local_cred_use(local_fs_of(base), cred);
    if (status != VFS_OK)
        return status;
    vfs_blocking_begin(false);
    status = local_child(dir, text.text, &obj);
    vfs_blocking_end();
    if (status == VFS_OK)
        *out = &obj->base;
    return status;
}

/* As the server: the way up to the root may lead through directories that the caller may not
 * search. */
static enum vfs_status check_parent(struct local_object *dir, int fd, struct local_id *parent,
                                    uint32_t *epoch)
{
    struct local_fs *fs = local_fs_of(&dir->base);
    enum vfs_status status;
    struct local_id id;
    int err;

    local_object_id(dir, &id);
    local_cred_server_begin(fs);
    err = local_identify(fs, fd, "", parent);
    if (err)
        status = err == EXDEV ? VFS_NOENT : local_failure(err);
    else
        status = local_ancestry_check_parent(fs, &id, fd, parent, epoch);
    local_cred_server_end(fs);
    return status;
}

static enum vfs_status parent_open(struct local_object *dir, struct local_object **out)
{
    struct local_fs *fs = local_fs_of(&dir->base);
    enum vfs_status status;
    struct local_id parent;
    struct statx st;
    uint32_t epoch;
    int fd;

    /* A removed directory still has a `..`  entry. */
    if (local_statx(dir->path_fd, "", &st) == 0 && st.stx_nlink == 0)
        return VFS_STALE;
    fd = openat(dir->path_fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return local_failure(errno);
    status = check_parent(dir, fd, &parent, &epoch);
    if (status != VFS_OK) {
        close(fd);
        return status;
    }
    *out = local_cache_lookup(fs, &parent);
    if (*out)
        close(fd);
    else
        status = local_cache_from_fd(fs, fd, -1, &parent, out);
    if (status == VFS_OK)
        local_object_inside(*out, epoch);
    return status;
}

enum vfs_status local_parent(struct vfs_object *base, const struct vfs_cred *cred,
                             struct vfs_object **out)
{
    struct local_fs *fs = local_fs_of(base);
    struct local_object *obj;
    enum vfs_status status;

    local_memo_drop();
    if (base->type != VFS_DIR)
        return VFS_NOTDIR;
    if (base == &fs->root->base)
        return VFS_NOENT;
    status = local_cred_use(fs, cred);
    if (status != VFS_OK)
        return status;
    vfs_blocking_begin(false);
    status = parent_open(local_of(base), &obj);
    vfs_blocking_end();
    if (status == VFS_OK)
        *out = &obj->base;
    return status;
}

enum vfs_status local_readlink(struct vfs_object *base, const struct vfs_cred *cred, char *buf,
                               uint32_t size, uint32_t *len)
{
    char target[LIMIT_SYMLINK_BYTES + 1];
    ssize_t got;
    int err;

    (void)cred; /* a client that has the symlink's handle may read it */
    if (base->type != VFS_LNK)
        return VFS_INVAL;
    vfs_blocking_begin(false);
    got = readlinkat(local_of(base)->path_fd, "", target, sizeof(target));
    err = got < 0 ? errno : 0;
    vfs_blocking_end();
    if (err)
        return local_failure(err);
    if ((size_t)got > size)
        return VFS_TOOSMALL;
    memcpy(buf, target, (size_t)got);
    *len = (uint32_t)got;
    return VFS_OK;
}
