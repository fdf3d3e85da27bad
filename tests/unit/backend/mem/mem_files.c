/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/backend/mem/mem_files.h"

#include <string.h>

#include "base/check.h"

const struct vfs_cred mem_files_root = {.uid = 0, .gid = 0};

struct vfs_name mem_files_name(const char *text)
{
    return (struct vfs_name){.data = text, .len = strlen(text)};
}

struct vfs_object *mem_files_make(struct vfs_object *dir, const char *text)
{
    struct vfs_attr attr = {.mask = VFS_ATTR_MODE, .mode = 0644};
    struct vfs_create create = {.type = VFS_REG, .mode = VFS_CREATE_GUARDED, .attr = &attr};
    struct vfs_name name = mem_files_name(text);
    struct vfs_change_info info;
    struct vfs_object *file;

    CHECK(dir->fs->ops->create(dir, &mem_files_root, &name, &create, &info, &file) == VFS_OK);
    return file;
}

void mem_files_remove(struct vfs_object *dir, const char *text)
{
    struct vfs_name name = mem_files_name(text);
    struct vfs_change_info info;

    CHECK(dir->fs->ops->remove(dir, &mem_files_root, &name, &info) == VFS_OK);
}

void mem_files_resize(struct vfs_object *file, uint64_t size)
{
    struct vfs_attr set = {.mask = VFS_ATTR_SIZE, .size = size};
    uint32_t applied;

    CHECK(file->fs->ops->setattr(file, &mem_files_root, &set, true, &applied) == VFS_OK);
}

uint64_t mem_files_free(struct vfs_object *root)
{
    struct vfs_statfs st;

    CHECK(root->fs->ops->statfs(root, &st) == VFS_OK);
    return st.bytes_free;
}
