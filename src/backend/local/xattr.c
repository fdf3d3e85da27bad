/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes: user.NAME of regular files and directories, which are the only objects that
 * have such with Linux.  The kernel decides, under the caller's identity.
 *
 * Before Linux 6.13 there are no calls that take an O_PATH descriptor, so each object is named by
 * its link in /proc/self/fd, which leads to the object itself.
 *
 * The kernel lists names in an order of the file system's own, which changes with the names.  So
 * they are listed in the order of a keyed hash, which is the cookie: a listing goes on where it
 * was, whatever else is set or removed, also after a restart.
 */
#include "backend/local/xattr.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "backend/local/access.h"
#include "backend/local/change_info.h"
#include "backend/local/cred.h"
#include "backend/local/status.h"
#include "backend/local/tell.h"
#include "base/memory.h"

#define PREFIX "user."

enum {
    PREFIX_BYTES = sizeof(PREFIX) - 1,
    LIST_TRIES = 8, /* while others make the list longer */
};

_Static_assert(PREFIX_BYTES + LIMIT_XATTR_NAME_BYTES == 255, "the kernel's XATTR_NAME_MAX");

/* How the kernel is told which attribute of which object. */
struct target {
    char path[32];
    char name[PREFIX_BYTES + LIMIT_XATTR_NAME_BYTES + 1];
};

static void target_object(const struct local_object *obj, struct target *target)
{
    (void)snprintf(target->path, sizeof(target->path), "/proc/self/fd/%d", obj->path_fd);
}

static void target_make(const struct local_object *obj, const struct vfs_xattr_name *name,
                        struct target *target)
{
    CHECK(name->len <= LIMIT_XATTR_NAME_BYTES);
    target_object(obj, target);
    memcpy(target->name, PREFIX, PREFIX_BYTES);
    memcpy(target->name + PREFIX_BYTES, name->data, name->len);
    target->name[PREFIX_BYTES + name->len] = '\0';
}

static bool can_have_any(const struct vfs_object *obj)
{
    return obj->type == VFS_REG || obj->type == VFS_DIR;
}

static enum vfs_status status_of(int err)
{
    switch (err) {
    case ENODATA:
        return VFS_NOXATTR;
    case E2BIG:
    case ERANGE:
        return VFS_XATTR2BIG;
    default:
        return local_status(err);
    }
}

static enum vfs_status begin(struct vfs_object *base, const struct vfs_cred *cred)
{
    if (!(base->fs->caps & VFS_CAP_XATTR))
        return VFS_NOTSUPP;
    return local_cred_use(local_fs_of(base), cred);
}

bool local_xattr_supported(const struct local_fs *fs)
{
    return fgetxattr(fs->root_fd, PREFIX "mainstay", NULL, 0) >= 0 ||
           (errno != EOPNOTSUPP && errno != ENOSYS);
}

enum vfs_status local_getxattr(struct vfs_object *base, const struct vfs_cred *cred,
                               const struct vfs_xattr_name *name, void *buf, uint32_t size,
                               uint32_t *len)
{
    enum vfs_status status = begin(base, cred);
    struct target target;
    ssize_t got;
    int err;

    if (status != VFS_OK)
        return status;
    if (!can_have_any(base))
        return VFS_NOXATTR;
    target_make(local_of(base), name, &target);
    vfs_blocking_begin(false);
    got = size > 0 ? getxattr(target.path, target.name, buf, size) : -1;
    err = got >= 0 ? 0 : size > 0 ? errno : ERANGE;
    if (err == ERANGE) {
        got = getxattr(target.path, target.name, NULL, 0);
        err = got >= 0 ? 0 : errno;
        if (got > 0) /* or it has become shorter meanwhile */
            status = (size_t)got > size ? VFS_TOOSMALL : VFS_DELAY;
    }
    vfs_blocking_end();
    if (err)
        return status_of(err);
    *len = (uint32_t)got;
    return status;
}

/* After an attempt to change something. */
static enum vfs_status finish(struct local_object *obj, const struct vfs_cred *cred, int err,
                              struct vfs_change_info *info)
{
    local_change_after(obj, info, err == 0);
    if (err)
        return status_of(err);
    local_tell_kind(obj->file, VFS_CHANGE_DIR, cred->actor);
    return VFS_OK;
}

enum vfs_status local_setxattr(struct vfs_object *base, const struct vfs_cred *cred,
                               const struct vfs_xattr_name *name, enum vfs_setxattr how,
                               const void *value, uint32_t len, struct vfs_change_info *info)
{
    static const int flags[] = {
        [VFS_SETXATTR_CREATE] = XATTR_CREATE,
        [VFS_SETXATTR_REPLACE] = XATTR_REPLACE,
    };
    enum vfs_status status = begin(base, cred);
    struct target target;
    int err;

    if (status != VFS_OK)
        return status;
    if (len > LIMIT_XATTR_VALUE_BYTES)
        return VFS_XATTR2BIG;
    if (!can_have_any(base))
        return VFS_PERM;
    target_make(local_of(base), name, &target);
    vfs_blocking_begin(false);
    local_change_before(local_of(base), info);
    err = setxattr(target.path, target.name, value, len, flags[how]) == 0 ? 0 : errno;
    status = finish(local_of(base), cred, err, info);
    vfs_blocking_end();
    return status;
}

enum vfs_status local_removexattr(struct vfs_object *base, const struct vfs_cred *cred,
                                  const struct vfs_xattr_name *name, struct vfs_change_info *info)
{
    enum vfs_status status = begin(base, cred);
    struct target target;
    int err;

    if (status != VFS_OK)
        return status;
    if (!can_have_any(base))
        return VFS_PERM;
    target_make(local_of(base), name, &target);
    vfs_blocking_begin(false);
    local_change_before(local_of(base), info);
    err = removexattr(target.path, target.name) == 0 ? 0 : errno;
    status = finish(local_of(base), cred, err, info);
    vfs_blocking_end();
    return status;
}

/* The kernel's list, in memory that the caller frees; NULL and 0 bytes if it is empty.  0 or an
 * errno. */
static int read_list(const struct local_object *obj, char **list, size_t *bytes)
{
    struct target target;
    int err = ERANGE;

    *list = NULL;
    *bytes = 0;
    target_object(obj, &target);
    for (int i = 0; err == ERANGE && i < LIST_TRIES; i++) {
        ssize_t size = listxattr(target.path, NULL, 0), got;

        if (size <= 0)
            return size < 0 ? errno : 0;
        *list = memory_alloc(MEMORY_calls, (size_t)size);
        if (!*list)
            return ENOMEM;
        got = listxattr(target.path, *list, (size_t)size);
        if (got >= 0) {
            *bytes = (size_t)got;
            return 0;
        }
        err = errno;
        memory_free(MEMORY_calls, *list);
        *list = NULL;
    }
    return err == ERANGE ? EAGAIN : err;
}

struct listed {
    uint64_t cookie;
    struct vfs_xattr_name name;
};

static int compare(const void *a, const void *b)
{
    const struct listed *one = a, *other = b;

    return one->cookie < other->cookie ? -1 : one->cookie > other->cookie;
}

static uint64_t cookie_of(const struct local_fs *fs, const struct vfs_xattr_name *name)
{
    uint64_t cookie;

    _Static_assert(sizeof(cookie) == crypto_shorthash_BYTES, "cookie");
    _Static_assert(sizeof(fs->mac_key) == crypto_shorthash_KEYBYTES, "key");
    (void)crypto_shorthash((unsigned char *)&cookie, (const unsigned char *)name->data, name->len,
                           fs->mac_key);
    return cookie ? cookie : 1;
}

/* The names of user.* behind `cookie`, in the order of their cookies.  `all` has room for each name
 * of the list.  Returns how many there are. */
static size_t choose(const struct local_fs *fs, const char *list, size_t bytes, uint64_t cookie,
                     struct listed *all)
{
    size_t count = 0;

    for (size_t at = 0, len; at < bytes; at += len + 1) {
        struct listed one = {.name.data = list + at + PREFIX_BYTES};

        len = strnlen(list + at, bytes - at);
        if (len <= PREFIX_BYTES || memcmp(list + at, PREFIX, PREFIX_BYTES) != 0)
            continue;
        one.name.len = len - PREFIX_BYTES;
        one.cookie = cookie_of(fs, &one.name);
        if (one.cookie > cookie)
            all[count++] = one;
    }
    qsort(all, count, sizeof(*all), compare);
    return count;
}

static enum vfs_status emit_all(const struct local_fs *fs, const char *kernels, size_t bytes,
                                struct vfs_listxattrs *list)
{
    struct listed *all;
    size_t count = 0, i = 0;

    for (size_t at = 0; at < bytes; at++)
        count += kernels[at] == '\0';
    all = memory_alloc(MEMORY_calls, (count + 1) * sizeof(*all));
    if (!all)
        return VFS_DELAY;
    count = choose(fs, kernels, bytes, list->cookie, all);
    while (i < count && list->emit(list->arg, &all[i].name, all[i].cookie))
        i++;
    list->eof = i == count;
    memory_free(MEMORY_calls, all);
    return VFS_OK;
}

/* The kernel lists names for everyone; the caller must be permitted to read the object, as for
 * their values. */
enum vfs_status local_listxattrs(struct vfs_object *base, const struct vfs_cred *cred,
                                 struct vfs_listxattrs *list)
{
    enum vfs_status status = begin(base, cred);
    size_t bytes = 0;
    char *kernels = NULL;
    int err;

    if (status != VFS_OK)
        return status;
    vfs_blocking_begin(false);
    err = local_may(local_of(base), R_OK);
    if (!err && can_have_any(base))
        err = read_list(local_of(base), &kernels, &bytes);
    vfs_blocking_end();
    if (err)
        return status_of(err);
    status = emit_all(local_fs_of(base), kernels, bytes, list);
    memory_free(MEMORY_calls, kernels);
    return status;
}
