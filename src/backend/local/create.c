/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New entries: files, directories, symlinks, nodes, hard links.  The kernel creates them as the
 * caller, so its rules determine owner, group and permission.
 *
 * An exclusively created file stores its verifier in the seconds of atime and mtime, 31 bits each
 * (RFC 8881 §18.16.3 permits that), mixed so that similar verifiers still differ.  It gets its name
 * last, so that the file never has a name without a verifier, even after a crash.
 */
#include "backend/local/create.h"

#include <errno.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "backend/local/acl.h"
#include "backend/local/cache.h"
#include "backend/local/change.h"
#include "backend/local/change_info.h"
#include "backend/local/cred.h"
#include "backend/local/default_acl.h"
#include "backend/local/file.h"
#include "backend/local/handle.h"
#include "backend/local/keep.h"
#include "backend/local/label.h"
#include "backend/local/lookup.h"
#include "backend/local/names.h"
#include "backend/local/note.h"
#include "backend/local/resolve.h"
#include "backend/local/setattr.h"
#include "backend/local/status.h"
#include "backend/local/statx.h"
#include "backend/local/tell.h"
#include "base/umask.h"

enum {
    DEFAULT_FILE_MODE = 0600, /* if the client specifies none */
    DEFAULT_DIR_MODE = 0700,
    TIME_BITS = VFS_ATTR_ATIME | VFS_ATTR_MTIME | VFS_ATTR_ATIME_NOW | VFS_ATTR_MTIME_NOW,
};

/* A creation in progress. */
struct making {
    struct local_fs *fs;
    struct local_object *dir;
    const char *name;
    const struct vfs_name *given; /* the same */
    struct vfs_create *create;
    struct local_object *made;
    const struct vfs_cred *cred;
    uint32_t umask;          /* to be taken from the mode */
    bool kernel_masks;       /* by the kernel, as it takes a program's */
    enum vfs_status refusal; /* of a new object, by its ACL */
};

/* Attributes that a new object does not have from the beginning. */
static bool sets_more(const struct vfs_attr *attr)
{
    return (attr->mask & ~(uint32_t)(VFS_ATTR_MODE | VFS_ATTR_UMASK)) != 0;
}

/* Before Linux 6.10, AT_EMPTY_PATH needs a capability that the caller lacks. */
static int link_fd(const struct local_object *dir, int fd, const char *name)
{
    const struct local_fs *fs = local_fs_of(&dir->base);
    char digits[12];

    (void)snprintf(digits, sizeof(digits), "%d", fd);
    return linkat(fs->proc_fd, digits, dir->path_fd, name, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

static void verifier_times(uint64_t verifier, struct timespec times[2])
{
    uint64_t mixed = hash_u64(verifier);

    times[0] = (struct timespec){.tv_sec = (time_t)(mixed >> 33)};
    times[1] = (struct timespec){.tv_sec = (time_t)(mixed & 0x7fffffff)};
}

/* Until an object has the ACL that it is to have, nobody has access. */
static uint32_t mode_of(const struct making *m, uint32_t otherwise)
{
    const struct vfs_attr *attr = m->create->attr;
    uint32_t umask = m->kernel_masks ? 0 : m->umask;
    uint32_t mode = attr->mask & VFS_ATTR_MODE ? attr->mode & 07777 & ~umask : otherwise;

    return attr->mask & VFS_ATTR_ACL ? mode & 07000 : mode;
}

/* RFC 8275 §5: a default ACL takes the place of the umask, as for local programs.  Where the thread
 * has no umask of its own, the answer may be outdated when the object is made: if the default ACL
 * is removed just then, its mode is the whole of what the client asked for. */
static void take_umask(struct making *m)
{
    const struct vfs_attr *attr = m->create->attr;

    if (!(attr->mask & VFS_ATTR_UMASK))
        return;
    m->kernel_masks = umask_own();
    if (m->kernel_masks || !local_default_acl_exists(m->dir))
        m->umask = attr->umask;
}

/* Around the system call that makes it, and nothing else: other files of the server's are not the
 * client's. */
static void mask_begin(const struct making *m)
{
    if (m->kernel_masks)
        umask_begin(m->umask);
}

static void mask_end(const struct making *m)
{
    if (m->kernel_masks)
        umask_end();
}

/* Apply the attributes other than the mode, after the file exists. */
static void apply_rest(struct making *m)
{
    struct vfs_create *create = m->create;
    struct vfs_attr set = *create->attr;

    if (create->type == VFS_REG && create->mode == VFS_CREATE_EXCLUSIVE)
        set.mask &= ~(uint32_t)TIME_BITS;
    set.mask &= ~create->attrs_applied;
    if ((set.mask & VFS_ATTR_SIZE) && create->type == VFS_REG && set.size <= INT64_MAX &&
        ftruncate(m->made->path_fd, (off_t)set.size) == 0)
        create->attrs_applied |= VFS_ATTR_SIZE;
    create->attrs_applied |= local_setattr_initial(m->made, m->cred, &set);
}

static void note_made(struct making *m)
{
    struct local_id id;

    if (!m->fs->map)
        return;
    local_object_id(m->made, &id);
    (void)local_note(m->dir, m->name, &id, m->made->base.fileid);
}

/* The file may be the client's own from an earlier attempt: only a retry finds its own verifier. */
static enum vfs_status check_verifier(struct local_object *obj, uint64_t verifier)
{
    struct timespec times[2];
    struct statx st;

    if (local_statx(obj->path_fd, "", &st) != 0)
        return local_failure(errno);
    verifier_times(verifier, times);
    if (st.stx_atime.tv_sec != times[0].tv_sec || st.stx_mtime.tv_sec != times[1].tv_sec ||
        st.stx_size != 0)
        return VFS_EXIST;
    return VFS_OK;
}

/* The entry was removed between two steps of ours: the client should retry. */
static enum vfs_status came_and_went(enum vfs_status status)
{
    return status == VFS_NOENT ? VFS_DELAY : status;
}

static enum vfs_status existing(struct making *m)
{
    enum vfs_status status;

    if (m->create->mode == VFS_CREATE_GUARDED)
        return VFS_EXIST;
    status = local_child(m->dir, m->name, &m->made);
    if (status == VFS_NOENT && m->given->expects)
        return VFS_CHANGED;
    if (status != VFS_OK)
        return came_and_went(status);
    if (!vfs_name_fits(m->given, &m->made->base)) {
        vfs_object_put(&m->made->base);
        return VFS_CHANGED;
    }
    status = local_check_regular(&m->made->base);
    if (m->create->mode == VFS_CREATE_EXCLUSIVE && status == VFS_OK)
        status = local_path_get(m->made);
    if (m->create->mode == VFS_CREATE_EXCLUSIVE && status == VFS_OK) {
        status = check_verifier(m->made, m->create->verifier);
        local_path_put(m->made);
    } else if (m->create->mode == VFS_CREATE_EXCLUSIVE && status != VFS_DELAY) {
        status = VFS_EXIST;
    }
    if (status != VFS_OK)
        vfs_object_put(&m->made->base);
    return status;
}

/* What a new file must have before it gets a name: a verifier that later creates can compare, and a
 * label that nobody sees it without (RFC 7862 §9.2).  Without the label it is made all the same, as
 * attrs_applied tells. */
static int stamp(struct making *m, int fd)
{
    const struct vfs_attr *attr = m->create->attr;
    struct timespec times[2];

    if ((attr->mask & VFS_ATTR_LABEL) && local_label_set_first(fd, &attr->label) == 0)
        m->create->attrs_applied |= VFS_ATTR_LABEL;
    if (m->create->mode != VFS_CREATE_EXCLUSIVE)
        return 0;
    verifier_times(m->create->verifier, times);
    return futimens(fd, times) == 0 ? 0 : errno;
}

static bool needs_stamp(const struct vfs_create *create)
{
    return create->mode == VFS_CREATE_EXCLUSIVE || (create->attr->mask & VFS_ATTR_LABEL);
}

/* 0 or an errno. */
static int open_new(const struct making *m, const char *name, int flags, int *fd)
{
    mask_begin(m);
    *fd = openat(m->dir->path_fd, name, O_RDWR | O_CLOEXEC | O_NONBLOCK | flags,
                 mode_of(m, DEFAULT_FILE_MODE));
    mask_end(m);
    return *fd < 0 ? errno : 0;
}

static int create_named(const struct making *m, int *fd)
{
    return open_new(m, m->name, O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY, fd);
}

/* A new object was removed again.  Another one may get its inode number, which is not known here,
 * so all that listings have kept is forgotten. */
static void gone_again(const struct making *m)
{
    local_versions_next(&m->fs->volume->versions);
}

/* Where files can't be created without a name.  A crash between the two steps leaves a file without
 * its verifier; a retry of the client then takes it for a file of another client. */
static int create_then_stamp(struct making *m, int *fd)
{
    int err = create_named(m, fd);

    if (err)
        return err;
    err = stamp(m, *fd);
    if (err) {
        close(*fd);
        (void)unlinkat(m->dir->path_fd, m->name, 0);
        gone_again(m);
        /* others may have seen it */
        local_tell_kind(m->dir->file, VFS_CHANGE_UNKNOWN, m->cred->actor);
    }
    return err;
}

/* The file gets its stamp before its name. */
static int create_stamped(struct making *m, int *fd)
{
    int err;

    /* Not supported on vfat or NFS.  And if the caller may not write the directory, an existing
     * name takes precedence over that error. */
    if (open_new(m, ".", O_TMPFILE, fd) != 0)
        return create_then_stamp(m, fd);
    err = stamp(m, *fd);
    if (!err)
        err = link_fd(m->dir, *fd, m->name);
    if (err)
        close(*fd);
    return err;
}

static enum vfs_status not_made(const struct making *m, int err)
{
    local_tell_failed(m->dir, err, m->cred->actor);
    return local_failure(err);
}

/* This saves the caller a getattr(), unless more attributes are set, or the file is gone again. */
static void tell_attributes(struct making *m, const struct statx *st)
{
    struct vfs_attr *attr = &m->create->made;

    if (st->stx_nlink == 0 || sets_more(m->create->attr))
        return;
    local_attr_fill(attr, st);
    attr->change = local_change(m->fs, m->made->file, attr->change);
}

static enum vfs_status make_file(struct making *m)
{
    enum vfs_status status;
    struct statx st;
    int fd, err;

    if (m->given->expects)
        return existing(m);
    err = needs_stamp(m->create) ? create_stamped(m, &fd) : create_named(m, &fd);
    if (err)
        m->create->attrs_applied = 0;
    if (err == EEXIST)
        return existing(m);
    if (err)
        return not_made(m, err);
    m->create->created = true;
    status = local_cache_from_made(m->fs, fd, &m->made, &st);
    if (status == VFS_OK) {
        tell_attributes(m, &st);
        return VFS_OK;
    }
    (void)unlinkat(m->dir->path_fd, m->name, 0);
    gone_again(m);
    return status;
}

static mode_t node_type(enum vfs_type type)
{
    switch (type) {
    case VFS_BLK:
        return S_IFBLK;
    case VFS_CHR:
        return S_IFCHR;
    case VFS_SOCK:
        return S_IFSOCK;
    case VFS_FIFO:
        return S_IFIFO;
    case VFS_REG:
    case VFS_DIR:
    case VFS_LNK:
    case VFS_ATTRDIR:
    case VFS_NAMEDATTR:
        break;
    }
    return S_IFREG;
}

static int make_entry_masked(const struct making *m)
{
    const struct vfs_create *create = m->create;
    int dirfd = m->dir->path_fd;

    switch (create->type) {
    case VFS_DIR:
        return mkdirat(dirfd, m->name, mode_of(m, DEFAULT_DIR_MODE));
    case VFS_LNK:
        return symlinkat(create->link_target, dirfd, m->name);
    case VFS_BLK:
    case VFS_CHR:
    case VFS_SOCK:
    case VFS_FIFO:
    case VFS_REG:
    case VFS_ATTRDIR:
    case VFS_NAMEDATTR:
        break;
    }
    return mknodat(dirfd, m->name, node_type(create->type) | mode_of(m, DEFAULT_FILE_MODE),
                   makedev(create->rdev_major, create->rdev_minor));
}

static int make_entry(const struct making *m)
{
    int result;

    mask_begin(m);
    result = make_entry_masked(m);
    mask_end(m);
    return result;
}

/* If the new entry can't be returned it is removed, so that the client's retry creates it. */
static enum vfs_status make_other(struct making *m)
{
    enum vfs_status status;

    if (make_entry(m) != 0)
        return not_made(m, errno);
    m->create->created = true;
    status = local_child(m->dir, m->name, &m->made);
    if (status == VFS_DELAY) {
        (void)unlinkat(m->dir->path_fd, m->name, m->create->type == VFS_DIR ? AT_REMOVEDIR : 0);
        gone_again(m);
    }
    return came_and_went(status);
}

/* Without its ACL, an object would not be what the client asked for. */
static enum vfs_status apply_acl(struct making *m)
{
    enum vfs_status status = local_acl_set(m->made, m->create->attr->acl);

    if (status == VFS_OK)
        m->create->attrs_applied |= VFS_ATTR_ACL;
    else
        (void)unlinkat(m->dir->path_fd, m->name, m->create->type == VFS_DIR ? AT_REMOVEDIR : 0);
    return status;
}

static enum vfs_status apply(struct making *m)
{
    const struct vfs_attr *attr = m->create->attr;
    enum vfs_status status = VFS_OK;

    if (!sets_more(attr))
        return VFS_OK;
    status = local_path_get(m->made);
    if (status != VFS_OK)
        return attr->mask & VFS_ATTR_ACL ? status : VFS_OK;
    apply_rest(m);
    if (attr->mask & VFS_ATTR_ACL)
        status = apply_acl(m);
    local_path_put(m->made);
    return status;
}

/* What could not be made may be there: then its ACL is none of a new object's. */
static enum vfs_status not_to_be_made(struct making *m)
{
    struct statx st;

    if (!m->given->expects && local_statx(m->dir->path_fd, m->name, &st) != 0)
        return errno == ENOENT ? m->refusal : local_failure(errno);
    return m->create->type == VFS_REG ? existing(m) : VFS_EXIST;
}

static enum vfs_status make_any(struct making *m)
{
    if (m->refusal != VFS_OK)
        return not_to_be_made(m);
    return m->create->type == VFS_REG ? make_file(m) : make_other(m);
}

static enum vfs_status make(struct making *m)
{
    struct vfs_create *create = m->create;
    enum vfs_status status = make_any(m);

    if (status != VFS_OK || !create->created)
        return status;
    note_made(m);
    if (create->type != VFS_LNK)
        create->attrs_applied |= create->attr->mask & VFS_ATTR_MODE;
    /* Others can see it by now, perhaps without its stamp. */
    if (!sets_more(create->attr) && !needs_stamp(create))
        return VFS_OK;
    local_changing_begin(m->made);
    status = apply(m);
    local_changing_end(m->made);
    if (status != VFS_OK)
        vfs_object_put(&m->made->base);
    return status;
}

/* Would the ACL of the new object be refused?  Its owner is the caller, unless it is given. */
static enum vfs_status check_acl(const struct making *m, const struct vfs_cred *cred)
{
    const struct vfs_create *create = m->create;
    const struct vfs_attr *attr = create->attr;
    struct local_acls acls;
    uint32_t uid = m->fs->impersonate ? cred->uid : m->fs->server.uid;

    if (!attr || !(attr->mask & VFS_ATTR_ACL))
        return VFS_OK;
    if (!(m->fs->base.caps & VFS_CAP_ACL))
        return VFS_INVAL;
    return local_acl_translate(attr->acl, create->type, attr->mask & VFS_ATTR_UID ? attr->uid : uid,
                               &acls);
}

static void tell_added(struct local_object *dir, const char *name, struct local_object *obj,
                       uint64_t after, const void *actor)
{
    const struct vfs_change change = {
        .kind = VFS_CHANGE_ADD,
        .actor = actor,
        .after = after,
        .entry = local_tell_entry(name, obj),
    };

    local_tell(dir, &change);
}

/* A name that was made, but not for good, or that cannot be told from another's, may have been seen
 * by others. */
static void tell_made(const struct making *m, enum vfs_status status, uint64_t after)
{
    if (status == VFS_OK)
        tell_added(m->dir, m->name, m->made, after, m->cred->actor);
    else
        local_tell_kind(m->dir->file, VFS_CHANGE_UNKNOWN, m->cred->actor);
}

enum vfs_status local_create_entry(struct vfs_object *base, const struct vfs_cred *cred,
                                   const struct vfs_name *name, struct vfs_create *create,
                                   struct vfs_change_info *info, struct vfs_object **out)
{
    struct making m = {.fs = local_fs_of(base), .dir = local_of(base), .create = create};
    struct local_turn turn;
    struct local_name text;
    enum vfs_status status;

    if (base->type != VFS_DIR)
        return VFS_NOTDIR;
    status = local_name_copy(name, &text);
    m.refusal = check_acl(&m, cred);
    if (status == VFS_OK)
        status = local_cache_reserve(m.fs);
    if (status == VFS_OK)
        status = local_cred_use(m.fs, cred);
    if (status != VFS_OK)
        return status;
    m.name = text.text;
    m.given = name;
    m.cred = cred;
    create->created = false;
    create->attrs_applied = 0;
    create->made.mask = 0;
    vfs_blocking_begin(false);
    status = local_names_begin(m.dir, m.name, &turn);
    if (status != VFS_OK) {
        vfs_blocking_end();
        return status;
    }
    take_umask(&m);
    local_change_before(m.dir, info);
    status = make(&m);
    if (create->created) {
        local_change_after(m.dir, info, true);
        tell_made(&m, status, info->after);
    } else {
        info->after = info->before;
    }
    local_names_end(m.dir, &turn);
    vfs_blocking_end();
    if (status == VFS_OK)
        *out = &m.made->base;
    return status;
}

static enum vfs_status make_link(struct local_object *obj, struct local_object *dir,
                                 const char *name, const void *actor)
{
    const struct local_fs *fs = local_fs_of(&dir->base);
    int err = link_fd(dir, obj->path_fd, name);

    if (err)
        local_tell_failed(dir, err, actor);
    if (err)
        return err == ENOENT ? VFS_STALE : local_failure(err); /* of either object */
    local_change_mark(obj->file);
    if (fs->map) {
        struct local_id id;

        local_object_id(obj, &id);
        (void)local_note(dir, name, &id, obj->base.fileid);
    }
    return VFS_OK;
}

enum vfs_status local_link(struct vfs_object *obj, struct vfs_object *dir,
                           const struct vfs_cred *cred, const struct vfs_name *name,
                           struct vfs_change_info *info)
{
    struct local_object *to = local_of(dir);
    struct local_turn turn;
    struct local_name text;
    enum vfs_status status;

    if (dir->type != VFS_DIR)
        return VFS_NOTDIR;
    if (obj->type == VFS_DIR)
        return VFS_ISDIR;
    if (obj->fs != dir->fs)
        return VFS_XDEV;
    status = local_name_copy(name, &text);
    if (status == VFS_OK)
        status = local_cred_use(local_fs_of(dir), cred);
    if (status != VFS_OK)
        return status;
    vfs_blocking_begin(false);
    status = local_names_begin(to, text.text, &turn);
    if (status != VFS_OK) {
        vfs_blocking_end();
        return status;
    }
    local_change_before(to, info);
    status = make_link(local_of(obj), to, text.text, cred->actor);
    if (status == VFS_OK) {
        local_change_after(to, info, true);
        tell_added(to, text.text, local_of(obj), info->after, cred->actor);
    }
    local_names_end(to, &turn);
    vfs_blocking_end();
    return status == VFS_ISDIR ? VFS_EXIST : status;
}
