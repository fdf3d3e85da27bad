/* SPDX-License-Identifier: Apache-2.0 */
/* Where files can share blocks, FIEMAP tells which extents are shared. */
#include "backend/local/extent.h"

#include <errno.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "backend/local/file.h"
#include "backend/local/io.h"
#include "backend/local/status.h"
#include "backend/local/statx.h"

enum {
    EXTENTS = 64 /* asked for at once */
};

/* One call, with its answer: the extents follow the header. */
union asking {
    struct fiemap map;
    uint8_t room[sizeof(struct fiemap) + EXTENTS * sizeof(struct fiemap_extent)];
};

/* From `start` on.  0 or an errno. */
static int ask(int fd, uint64_t start, union asking *asking)
{
    asking->map = (struct fiemap){
        .fm_start = start, .fm_length = FIEMAP_MAX_OFFSET - start, .fm_extent_count = EXTENTS};
    return ioctl(fd, FS_IOC_FIEMAP, &asking->map) == 0 ? 0 : errno;
}

/* Adds to *shared, and moves *start behind the extents.  False: they were the last. */
static bool add_shared(const union asking *asking, uint64_t *start, uint64_t *shared)
{
    bool more = asking->map.fm_mapped_extents > 0;

    for (uint32_t i = 0; i < asking->map.fm_mapped_extents; i++) {
        const struct fiemap_extent *extent = &asking->map.fm_extents[i];

        if (extent->fe_flags & FIEMAP_EXTENT_SHARED)
            *shared += extent->fe_length;
        *start = extent->fe_logical + extent->fe_length;
        if (extent->fe_flags & FIEMAP_EXTENT_LAST)
            more = false;
    }
    return more;
}

/* EOPNOTSUPP: there are too many extents, or the file system cannot tell. */
static int find_shared(int fd, uint64_t *shared)
{
    union asking asking;
    uint64_t start = 0;

    *shared = 0;
    for (uint32_t i = 0; i < LIMIT_SPACE_FREED_RUNS / EXTENTS; i++) {
        int err = ask(fd, start, &asking);

        if (err)
            return err;
        if (!add_shared(&asking, &start, shared))
            return 0;
    }
    return EOPNOTSUPP;
}

static enum vfs_status get_shared(struct local_object *obj, uint64_t *shared)
{
    enum vfs_status status;
    int fd, err;

    status = local_io_get_any(obj, &fd);
    if (status != VFS_OK)
        return status;
    vfs_blocking_begin(false);
    err = find_shared(fd, shared);
    vfs_blocking_end();
    local_io_put(obj);
    if (err == ENOTTY || err == EOPNOTSUPP)
        return VFS_NOTSUPP;
    return err ? local_failure(err) : VFS_OK;
}

enum vfs_status local_space_freed(struct vfs_object *base, uint64_t *bytes)
{
    enum vfs_status status = VFS_OK;
    struct vfs_attr attr;
    struct statx st;
    uint64_t shared = 0;

    if (base->type == VFS_REG && (base->fs->caps & VFS_CAP_CLONE))
        status = get_shared(local_of(base), &shared);
    if (status == VFS_OK && local_statx(local_of(base)->path_fd, "", &st) != 0)
        status = local_failure(errno);
    if (status != VFS_OK)
        return status;
    local_attr_fill(&attr, &st);
    *bytes = attr.space_used > shared ? attr.space_used - shared : 0;
    return VFS_OK;
}
