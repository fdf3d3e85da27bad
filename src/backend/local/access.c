/* SPDX-License-Identifier: Apache-2.0 */
/* What a caller may do with an object.  Asks the kernel, under the caller's identity. */
#include "backend/local/access.h"

#include <errno.h>
#include <unistd.h>

#include "backend/local/cred.h"
#include "backend/local/fetch.h"
#include "backend/local/status.h"
#include "backend/local/statx.h"

int local_may(const struct local_object *obj, int amode)
{
    return faccessat(obj->path_fd, "", amode, AT_EMPTY_PATH | AT_EACCESS) == 0 ? 0 : errno;
}

bool local_may_not(int err)
{
    return err == EACCES || err == EPERM || err == EROFS;
}

/* Asks once if everything is permitted, which is the usual case, and else for each bit.  Returns 0
 * and sets *granted, or returns an errno. */
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

/* In a sticky directory only the owner may change them, as the kernel has it. */
static bool sticky_for(struct local_object *obj, const struct vfs_cred *cred)
{
    const struct local_fs *fs = local_fs_of(&obj->base);
    uint32_t uid = fs->impersonate ? cred->uid : fs->server.uid;
    struct statx st;

    return obj->base.type == VFS_DIR && uid != 0 && local_statx(obj->path_fd, "", &st) == 0 &&
           (st.stx_mode & S_ISVTX) && st.stx_uid != uid;
}

/* What can be asked for this object. */
static uint32_t meaningful(const struct vfs_object *base)
{
    uint32_t bits = VFS_MAY_MODIFY | VFS_MAY_EXTEND | VFS_MAY_READ;

    bits |= base->type == VFS_DIR ? VFS_MAY_LOOKUP | VFS_MAY_DELETE : VFS_MAY_EXECUTE;
    if ((base->fs->caps & VFS_CAP_XATTR) && (base->type == VFS_DIR || base->type == VFS_REG))
        bits |= VFS_MAY_XAREAD | VFS_MAY_XAWRITE | VFS_MAY_XALIST;
    return bits;
}

enum vfs_status local_access(struct vfs_object *base, const struct vfs_cred *cred, uint32_t want,
                             uint32_t *granted)
{
    const uint32_t reads = VFS_MAY_READ | VFS_MAY_XAREAD | VFS_MAY_XALIST;
    const uint32_t changes = VFS_MAY_MODIFY | VFS_MAY_EXTEND | VFS_MAY_DELETE;
    struct local_object *obj = local_of(base);
    bool dir = base->type == VFS_DIR;
    enum vfs_status status = local_cred_use(local_fs_of(base), cred);
    int wanted = 0, rwx, err;

    if (status != VFS_OK)
        return status;
    want &= meaningful(base);
    wanted |= want & reads ? R_OK : 0;
    wanted |= want & (changes | VFS_MAY_XAWRITE) ? W_OK : 0;
    wanted |= want & (VFS_MAY_LOOKUP | VFS_MAY_EXECUTE) ? X_OK : 0;
    /* Changing entries needs write and search permission. */
    wanted |= dir && (want & changes) ? X_OK : 0;
    local_fetch_begin(local_fs_of(base));
    err = rwx_of(obj, wanted, &rwx);
    if (!err && (want & VFS_MAY_XAWRITE) && sticky_for(obj, cred))
        want &= ~(uint32_t)VFS_MAY_XAWRITE;
    local_fetch_end(local_fs_of(base));
    if (err)
        return local_failure(err);
    if (!(rwx & R_OK))
        want &= ~reads;
    if (!(rwx & W_OK))
        want &= ~(changes | VFS_MAY_XAWRITE);
    if (dir && !(rwx & X_OK))
        want &= ~changes;
    if (!(rwx & X_OK))
        want &= ~(uint32_t)(VFS_MAY_LOOKUP | VFS_MAY_EXECUTE);
    *granted = want;
    return VFS_OK;
}
