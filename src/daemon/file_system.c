/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/file_system.h"

#include <linux/magic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "base/check.h"

struct known {
    uint32_t type; /* f_type of statfs(2) */
    enum file_system_kind kind;
    const char *name;
};

static const struct known known[] = {
    {TMPFS_MAGIC, FILE_SYSTEM_MEMORY, "tmpfs"},
    {RAMFS_MAGIC, FILE_SYSTEM_MEMORY, "ramfs"},
    {OVERLAYFS_SUPER_MAGIC, FILE_SYSTEM_LAYERS, "overlay"},
    {FUSE_SUPER_MAGIC, FILE_SYSTEM_FUSE, "fuse"},
    {NFS_SUPER_MAGIC, FILE_SYSTEM_REMOTE, "nfs"},
    {SMB_SUPER_MAGIC, FILE_SYSTEM_REMOTE, "smb"},
    {SMB2_SUPER_MAGIC, FILE_SYSTEM_REMOTE, "smb"},
    {CIFS_SUPER_MAGIC, FILE_SYSTEM_REMOTE, "cifs"},
    {CEPH_SUPER_MAGIC, FILE_SYSTEM_REMOTE, "ceph"},
    {AFS_SUPER_MAGIC, FILE_SYSTEM_REMOTE, "afs"},
    {AFS_FS_MAGIC, FILE_SYSTEM_REMOTE, "afs"},
    {V9FS_MAGIC, FILE_SYSTEM_REMOTE, "9p"},
};

static const struct known *find(const char *path)
{
    struct statfs st;

    if (statfs(path, &st) != 0)
        return NULL;
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (known[i].type == (uint32_t)st.f_type)
            return &known[i];
    }
    return NULL;
}

enum file_system_kind file_system_of(const char *path)
{
    const struct known *found = find(path);

    return found ? found->kind : FILE_SYSTEM_USUAL;
}

const char *file_system_name(const char *path)
{
    const struct known *found = find(path);

    return found ? found->name : "";
}

bool file_system_is_read_only(const char *path)
{
    struct statvfs st;

    return statvfs(path, &st) == 0 && (st.f_flag & ST_RDONLY) != 0;
}
