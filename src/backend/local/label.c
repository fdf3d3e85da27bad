/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local/label.h"

#include <errno.h>
#include <stdio.h>
#include <sys/xattr.h>

#include "backend/local/change.h"
#include "backend/local/raise.h"
#include "backend/local/status.h"
#include "backend/local/statx.h"

static const char attribute[] = "security.selinux";

/* What a path's descriptor stands for: these calls take no such descriptor. */
struct magic_link {
    char text[64 + LIMIT_NAME_BYTES];
};

static const char *link_of(int path_fd, struct magic_link *magic)
{
    (void)snprintf(magic->text, sizeof(magic->text), "/proc/self/fd/%d", path_fd);
    return magic->text;
}

bool local_label_is_possible(const struct local_fs *fs)
{
    return fgetxattr(fs->root_fd, attribute, NULL, 0) >= 0 || errno == ENODATA;
}

static enum vfs_status answer(ssize_t got, uint32_t *len)
{
    const int err = got < 0 ? errno : 0;

    *len = err ? 0 : (uint32_t)got;
    if (err == ERANGE)
        return VFS_BADLABEL; /* longer than a label can be on the wire */
    return err == ENODATA ? VFS_OK : local_status(err);
}

enum vfs_status local_getlabel(struct vfs_object *obj, const struct vfs_cred *cred, uint8_t *data,
                               uint32_t *len)
{
    enum vfs_status status;
    struct magic_link magic;

    (void)cred; /* whoever sees its attributes may see it */
    vfs_blocking_begin(false);
    status = answer(
        getxattr(link_of(local_of(obj)->path_fd, &magic), attribute, data, LIMIT_LABEL_BYTES), len);
    vfs_blocking_end();
    return status;
}

enum vfs_status local_label_of_entry(const struct local_object *dir, const char *name,
                                     uint8_t *data, uint32_t *len)
{
    struct magic_link magic;

    (void)snprintf(magic.text, sizeof(magic.text), "/proc/self/fd/%d/%s", dir->path_fd, name);
    return answer(lgetxattr(magic.text, attribute, data, LIMIT_LABEL_BYTES), len);
}

/* With CAP_SYS_ADMIN the kernel lets the server set the label of any file, whomever it acts as, so
 * this decides.  It is the rule for the mode. */
static enum vfs_status check_owner(const struct local_object *obj, const struct vfs_cred *cred)
{
    const struct local_fs *fs = local_fs_of(&obj->base);
    const uint32_t uid = fs->impersonate ? cred->uid : fs->server.uid;
    struct statx st;

    if (uid == 0)
        return VFS_OK;
    if (local_statx(obj->path_fd, "", &st) != 0)
        return local_status(errno);
    return uid == st.stx_uid ? VFS_OK : VFS_PERM;
}

/* Setting as the thread is, or else with CAP_SYS_ADMIN, if the process has kept it. */
static int set_with_capability(const char *path, const struct vfs_label *label)
{
    struct local_raised raised;
    int err;

    if (!local_raise_begin(&raised))
        return EPERM;
    err = setxattr(path, attribute, label->data, label->len, 0) == 0 ? 0 : errno;
    local_raise_end(&raised);
    return err;
}

static int set(const char *path, const struct vfs_label *label)
{
    int err = setxattr(path, attribute, label->data, label->len, 0) == 0 ? 0 : errno;

    return err == EPERM ? set_with_capability(path, label) : err;
}

/* EINVAL: SELinux knows no such label. */
static enum vfs_status status_of(int err)
{
    return err == EINVAL || err == ERANGE ? VFS_BADLABEL : local_status(err);
}

enum vfs_status local_label_set(struct local_object *obj, const struct vfs_cred *cred,
                                const struct vfs_label *label)
{
    enum vfs_status status = check_owner(obj, cred);
    struct magic_link magic;

    if (status != VFS_OK)
        return status;
    return status_of(set(link_of(obj->path_fd, &magic), label));
}

int local_label_set_first(int fd, const struct vfs_label *label)
{
    struct magic_link magic;

    return set(link_of(fd, &magic), label);
}
