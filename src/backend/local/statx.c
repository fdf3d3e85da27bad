/* SPDX-License-Identifier: Apache-2.0 */
/* statx(), and its conversion to vfs/ types. */
#include "backend/local/statx.h"

#include <fcntl.h>

#include "base/clock.h"

enum {
    STATX_MASK = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID
};

int local_statx(int dirfd, const char *name, struct statx *st)
{
    int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name ? 0 : AT_EMPTY_PATH);

    return statx(dirfd, name, flags, STATX_MASK, st);
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
