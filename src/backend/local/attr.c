/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes: statx() on the object's descriptor, for each request or for several that arrived
 * together (recent.h), unless the administrator vouches for what is kept (keep.h).
 */
#include "backend/local/attr.h"

#include <errno.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "backend/local/change.h"
#include "backend/local/fetch.h"
#include "backend/local/keep.h"
#include "backend/local/kept.h"
#include "backend/local/orphan.h"
#include "backend/local/recent.h"
#include "backend/local/status.h"
#include "backend/local/statx.h"

enum {
    LINK_MAX_UNKNOWN = 127,
    LINK_MAX_MODEST = 32000,
};

enum vfs_status local_getattr(struct vfs_object *base, uint32_t mask, struct vfs_attr *out)
{
    struct local_object *obj = local_of(base);
    const struct local_recent_look recent = local_recent_look(obj);
    struct local_kept_look look;
    struct statx st;
    int err;

    (void)mask; /* all attributes together cost the same */
    look = local_keep_look(local_fs_of(base), base->fileid, 0);
    local_fetch_begin(local_fs_of(base));
    err = local_statx(obj->path_fd, "", &st) == 0 ? 0 : errno;
    local_fetch_end(local_fs_of(base));
    if (err)
        return local_failure(err);
    if (st.stx_nlink == 0)
        local_orphan_mark(obj);
    local_keep(local_fs_of(base), &look, &st, &obj->file->id);
    local_recent_keep(obj, &recent, &st);
    vfs_memo_look();
    local_attr_fill(out, &st);
    out->change = local_change(local_fs_of(base), obj->file, out->change);
    return VFS_OK;
}

/* libc returns LINK_MAX_UNKNOWN for file systems that it does not know. */
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
