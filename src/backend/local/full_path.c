/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path of an object, as the kernel knows it from the descriptor's link in /proc/self/fd.  Such
 * a link may be out of date: a removed file has " (deleted)" behind its name, and a file that was
 * opened by its handle may have no known name.  So a path counts only if it lies below that of the
 * exported directory, and leads from there to the same object.
 */
#include "backend/local/full_path.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/local/cred.h"
#include "backend/local/handle.h"
#include "backend/local/identify.h"

struct link_text {
    size_t len;
    char text[PATH_MAX + 1];
};

static bool link_read(const struct local_fs *fs, int fd, struct link_text *link)
{
    char digits[12];
    ssize_t len;

    (void)snprintf(digits, sizeof(digits), "%d", fd);
    len = readlinkat(fs->proc_fd, digits, link->text, sizeof(link->text) - 1);
    if (len <= 0)
        return false;
    link->len = (size_t)len;
    link->text[len] = '\0';
    return true;
}

/* The part of `link` below `root`, or NULL. */
static const char *below(const struct link_text *link, const struct link_text *root)
{
    size_t skip = root->len;

    if (root->text[skip - 1] == '/')
        skip--; /* the exported directory is "/" */
    if (link->len < skip || memcmp(link->text, root->text, skip) != 0)
        return NULL;
    if (link->len > skip && link->text[skip] != '/')
        return NULL;
    return link->text + skip + strspn(link->text + skip, "/");
}

/* The text that the kernel gives has no symlinks in it.  Where somebody puts one meanwhile, the
 * path still leads to this object. */
static bool leads_to(const struct local_fs *fs, const char *path, const struct local_object *obj)
{
    struct local_id id, found;

    local_object_id(obj, &id);
    return local_identify(fs, fs->root_fd, path, &found) == 0 && local_id_equal(&id, &found);
}

static enum vfs_status find(struct local_object *obj, char *buf, size_t size, size_t *len)
{
    const struct local_fs *fs = local_fs_of(&obj->base);
    struct link_text link, root;
    const char *path = NULL;

    if (link_read(fs, obj->path_fd, &link) && link_read(fs, fs->root_fd, &root))
        path = below(&link, &root);
    if (!path || !leads_to(fs, path, obj))
        return VFS_STALE;
    *len = strlen(path);
    if (*len > size)
        return VFS_NAMETOOLONG;
    memcpy(buf, path, *len);
    return VFS_OK;
}

enum vfs_status local_full_path(struct vfs_object *base, char *buf, size_t size, size_t *len)
{
    struct local_fs *fs = local_fs_of(base);
    enum vfs_status status;

    vfs_blocking_begin(false);
    local_cred_server_begin(fs);
    status = find(local_of(base), buf, size, len);
    local_cred_server_end(fs);
    vfs_blocking_end();
    return status;
}
