/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes: one statx on the object's descriptor each time; nothing is cached that could be
 * stale.
 *
 * The change attribute is ctime in nanoseconds.  Before Linux 6.13 ctime moves with the clock
 * tick, so a floor in memory makes it move with each change of ours; other processes' changes
 * within one tick of a report go unseen there.  What the floor was is not known when a file is met
 * again, after a restart or out of the cache: it was less than a tick above ctime, so then a whole
 * tick is added, and the attribute never goes back.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "backend/local/local_internal.h"
#include "base/clock.h"

enum {
    LINK_MAX_UNKNOWN = 127,
    LINK_MAX_MODEST = 32000,
};

static const uint64_t tick_ns = 10000000; /* the longest, that of CONFIG_HZ=100 */

int local_statx(int dirfd, const char *name, struct statx *st)
{
    int flags = AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH);

    return statx(dirfd, name, flags, LOCAL_STATX_MASK | STATX_MNT_ID, st);
}

enum vfs_type local_type(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return VFS_DIR;
    case S_IFBLK:
        return VFS_BLK;
    case S_IFCHR:
        return VFS_CHR;
    case S_IFLNK:
        return VFS_LNK;
    case S_IFSOCK:
        return VFS_SOCK;
    case S_IFIFO:
        return VFS_FIFO;
    default:
        return VFS_REG;
    }
}

static struct timespec time_of(const struct statx_timestamp *t)
{
    return (struct timespec){.tv_sec = t->tv_sec, .tv_nsec = t->tv_nsec};
}

uint64_t local_ctime(const struct statx *st)
{
    if (st->stx_ctime.tv_sec < 0)
        return 0;
    return (uint64_t)st->stx_ctime.tv_sec * NSEC_PER_SEC + st->stx_ctime.tv_nsec;
}

void local_attr_fill(struct vfs_attr *attr, const struct statx *st)
{
    attr->mask = VFS_ATTR_ALL_GET & ~(uint32_t)VFS_ATTR_BTIME;
    attr->type = local_type(st->stx_mode);
    attr->mode = st->stx_mode & 07777;
    attr->nlink = st->stx_nlink;
    attr->uid = st->stx_uid;
    attr->gid = st->stx_gid;
    attr->rdev_major = st->stx_rdev_major;
    attr->rdev_minor = st->stx_rdev_minor;
    attr->size = st->stx_size;
    attr->space_used = st->stx_blocks * 512;
    attr->fileid = st->stx_ino;
    attr->change = local_ctime(st);
    attr->atime = time_of(&st->stx_atime);
    attr->mtime = time_of(&st->stx_mtime);
    attr->ctime = time_of(&st->stx_ctime);
    attr->named_attr = false;
    if (st->stx_mask & STATX_BTIME) {
        attr->mask |= VFS_ATTR_BTIME;
        attr->btime = time_of(&st->stx_btime);
    }
}

bool local_ctime_is_coarse(void)
{
    unsigned major, minor;
    struct utsname name;

    if (uname(&name) != 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
        return true;
    return major < 6 || (major == 6 && minor < 13);
}

uint64_t local_change_unknown(const struct local_fs *fs, uint64_t ctime_ns)
{
    struct timespec now;

    if (!fs->coarse_ctime || ctime_ns == 0)
        return ctime_ns;
    now = clock_realtime();
    /* A younger one may still be changed at this ctime; then the floor counts on from here. */
    if ((uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec < ctime_ns + 2 * tick_ns)
        return ctime_ns;
    return ctime_ns + tick_ns;
}

uint64_t local_change(const struct local_fs *fs, struct local_node *node, uint64_t ctime_ns)
{
    uint64_t old = atomic_load_explicit(&node->change, memory_order_relaxed);
    uint64_t next;

    do {
        uint64_t last = old >> 1;

        if (last == 0)
            ctime_ns = local_change_unknown(fs, ctime_ns);
        next = ctime_ns > last ? ctime_ns : last + (old & 1);
        if (old == next << 1)
            break;
    } while (!atomic_compare_exchange_weak_explicit(&node->change, &old, next << 1,
                                                    memory_order_relaxed, memory_order_relaxed));
    return next;
}

void local_change_mark(struct local_node *node)
{
    atomic_fetch_or_explicit(&node->change, 1, memory_order_relaxed);
}

static uint64_t change_now(struct local_object *obj)
{
    struct statx st;

    if (local_statx(obj->path_fd, "", &st) != 0)
        return local_change(local_fs_of(&obj->base), obj->file, 0);
    return local_change(local_fs_of(&obj->base), obj->file, local_ctime(&st));
}

/* Never atomic: other processes may change the directory in between. */
void local_change_before(struct local_object *dir, struct vfs_change_info *info)
{
    info->atomic = false;
    info->before = change_now(dir);
}

void local_change_after(struct local_object *dir, struct vfs_change_info *info, bool changed)
{
    if (changed)
        local_change_mark(dir->file);
    info->after = change_now(dir);
}

void local_fetch_begin(const struct local_fs *fs)
{
    if (fs->fetches)
        vfs_blocking_begin(false);
}

void local_fetch_end(const struct local_fs *fs)
{
    if (fs->fetches)
        vfs_blocking_end();
}

enum vfs_status local_getattr(struct vfs_object *base, uint32_t mask, struct vfs_attr *out)
{
    struct local_object *obj = local_of(base);
    struct statx st;
    int err;

    (void)mask; /* all of it costs the same */
    local_fetch_begin(local_fs_of(base));
    err = local_statx(obj->path_fd, "", &st) == 0 ? 0 : errno;
    local_fetch_end(local_fs_of(base));
    if (err)
        return local_failure(err);
    if (st.stx_nlink == 0)
        local_object_orphan(obj);
    local_attr_fill(out, &st);
    out->change = local_change(local_fs_of(base), obj->file, out->change);
    return VFS_OK;
}

int local_may(const struct local_object *obj, int amode)
{
    return faccessat(obj->path_fd, "", amode, AT_EMPTY_PATH | AT_EACCESS) == 0 ? 0 : errno;
}

bool local_may_not(int err)
{
    return err == EACCES || err == EPERM || err == EROFS;
}

/* One question when the answer is yes, as it mostly is.  0 and *granted, or an errno. */
static int rwx_of(const struct local_object *obj, int wanted, int *granted)
{
    int err = wanted ? local_may(obj, wanted) : 0;

    *granted = err ? 0 : wanted;
    if (err && !local_may_not(err))
        return err;
    for (int bit = 1; err && bit <= 4; bit <<= 1) {
        int why = (wanted & bit) && wanted != bit ? local_may(obj, bit) : EACCES;

        if (why && !local_may_not(why))
            return why;
        *granted |= why ? 0 : bit;
    }
    return 0;
}

enum vfs_status local_access(struct vfs_object *base, const struct vfs_cred *cred, uint32_t want,
                             uint32_t *granted)
{
    const uint32_t modify = VFS_MAY_MODIFY | VFS_MAY_EXTEND;
    struct local_object *obj = local_of(base);
    bool dir = base->type == VFS_DIR;
    enum vfs_status status = local_cred_use(local_fs_of(base), cred);
    int wanted = 0, rwx, err;

    if (status != VFS_OK)
        return status;
    want &=
        modify | VFS_MAY_READ | (uint32_t)(dir ? VFS_MAY_LOOKUP | VFS_MAY_DELETE : VFS_MAY_EXECUTE);
    wanted |= want & VFS_MAY_READ ? R_OK : 0;
    wanted |= want & (modify | VFS_MAY_DELETE) ? W_OK : 0;
    wanted |= want & (VFS_MAY_LOOKUP | VFS_MAY_EXECUTE) ? X_OK : 0;
    /* Entries are changed by write and search together. */
    wanted |= dir && (wanted & W_OK) ? X_OK : 0;
    local_fetch_begin(local_fs_of(base));
    err = rwx_of(obj, wanted, &rwx);
    local_fetch_end(local_fs_of(base));
    if (err)
        return local_failure(err);
    if (!(rwx & R_OK))
        want &= ~(uint32_t)VFS_MAY_READ;
    if (!(rwx & W_OK) || (dir && !(rwx & X_OK)))
        want &= ~(modify | (uint32_t)VFS_MAY_DELETE);
    if (!(rwx & X_OK))
        want &= ~(uint32_t)(VFS_MAY_LOOKUP | VFS_MAY_EXECUTE);
    *granted = want;
    return VFS_OK;
}

/* libc answers LINK_MAX_UNKNOWN for file systems it does not know. */
static uint32_t link_max_of(int fd)
{
    long links = fpathconf(fd, _PC_LINK_MAX);

    if (links <= LINK_MAX_UNKNOWN)
        return LINK_MAX_MODEST;
    return links < UINT32_MAX ? (uint32_t)links : UINT32_MAX;
}

enum vfs_status local_statfs(struct vfs_object *base, struct vfs_statfs *out)
{
    struct statvfs st;
    int err;

    vfs_blocking_begin(false);
    err = fstatvfs(local_of(base)->path_fd, &st) == 0 ? 0 : errno;
    vfs_blocking_end();
    if (err)
        return local_failure(err);
    *out = (struct vfs_statfs){
        .bytes_total = (uint64_t)st.f_blocks * st.f_frsize,
        .bytes_free = (uint64_t)st.f_bfree * st.f_frsize,
        .bytes_avail = (uint64_t)st.f_bavail * st.f_frsize,
        .files_total = st.f_files,
        .files_free = st.f_ffree,
        .files_avail = st.f_favail,
        .name_max = st.f_namemax < LIMIT_NAME_BYTES ? (uint32_t)st.f_namemax : LIMIT_NAME_BYTES,
        .link_max = link_max_of(local_of(base)->path_fd),
        .file_size_max = local_fs_of(base)->file_size_max,
    };
    return VFS_OK;
}
