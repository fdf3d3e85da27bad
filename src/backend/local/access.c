/* SPDX-License-Identifier: Apache-2.0 */
/* What a caller may do with an object.  Asks the kernel, under the caller's identity, and remembers
 * for ACCESS what it said (grant.h). */
#include "backend/local/access.h"

#include <errno.h>
#include <unistd.h>

#include "backend/local/cred.h"
#include "backend/local/fetch.h"
#include "backend/local/grant.h"
#include "backend/local/memo.h"
#include "backend/local/recent.h"
#include "backend/local/status.h"
#include "backend/local/statx.h"

#define READS (VFS_MAY_READ | VFS_MAY_XAREAD | VFS_MAY_XALIST)
#define CHANGES (VFS_MAY_MODIFY | VFS_MAY_EXTEND | VFS_MAY_DELETE)

int local_may(const struct local_object *obj, int amode)
{
    return faccessat(obj->path_fd, "", amode, AT_EMPTY_PATH | AT_EACCESS) == 0 ? 0 : errno;
}

bool local_may_not(int err)
{
    return err == EACCES || err == EPERM || err == EROFS;
}

bool local_owner_may_read(const struct local_object *obj, const struct vfs_cred *cred)
{
    const struct local_fs *fs = local_fs_of(&obj->base);
    const struct statx *st = local_memo_of(obj);
    uint32_t uid = fs->impersonate ? cred->uid : fs->server.uid;

    return st && fs->ctime_tells && st->stx_uid == uid && uid != fs->overflow_uid &&
           uid != LOCAL_OVERFLOW_UID && (st->stx_mode & S_IRUSR);
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
static bool sticky_for(const struct local_object *obj, const struct vfs_cred *cred,
                       const struct statx *st)
{
    const struct local_fs *fs = local_fs_of(&obj->base);
    uint32_t uid = fs->impersonate ? cred->uid : fs->server.uid;

    return obj->base.type == VFS_DIR && uid != 0 && (st->stx_mode & S_ISVTX) && st->stx_uid != uid;
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

/* R_OK, W_OK and X_OK of what is asked for. */
static int rwx_for(const struct vfs_object *base, uint32_t want)
{
    int wanted = 0;

    wanted |= want & READS ? R_OK : 0;
    wanted |= want & (CHANGES | VFS_MAY_XAWRITE) ? W_OK : 0;
    wanted |= want & (VFS_MAY_LOOKUP | VFS_MAY_EXECUTE) ? X_OK : 0;
    /* Changing entries needs write and search permission. */
    wanted |= base->type == VFS_DIR && (want & CHANGES) ? X_OK : 0;
    return wanted;
}

static uint32_t granted_by(const struct vfs_object *base, uint32_t want, int rwx)
{
    if (!(rwx & R_OK))
        want &= ~READS;
    if (!(rwx & W_OK))
        want &= ~(CHANGES | VFS_MAY_XAWRITE);
    if (base->type == VFS_DIR && !(rwx & X_OK))
        want &= ~CHANGES;
    if (!(rwx & X_OK))
        want &= ~(uint32_t)(VFS_MAY_LOOKUP | VFS_MAY_EXECUTE);
    return want;
}

/* Ask the kernel, after `st` was read. */
static enum vfs_status ask(struct local_object *obj, const struct vfs_cred *cred,
                           const struct statx *st, int wanted, int *rwx)
{
    const struct local_grant_look before = local_grant_look(local_fs_of(&obj->base), st);
    enum vfs_status status = local_cred_use(local_fs_of(&obj->base), cred);
    int err;

    if (status != VFS_OK)
        return status;
    local_fetch_begin(local_fs_of(&obj->base));
    err = rwx_of(obj, wanted, rwx);
    local_fetch_end(local_fs_of(&obj->base));
    if (err)
        return local_failure(err);
    local_grant_keep(obj, cred, st, &before, wanted, *rwx);
    /* The answer may be newer than what is remembered. */
    local_memo_drop();
    local_recent_drop(obj);
    vfs_memo_look();
    return VFS_OK;
}

static uint32_t answer(const struct local_object *obj, const struct vfs_cred *cred,
                       const struct statx *st, uint32_t want, int rwx)
{
    if ((want & VFS_MAY_XAWRITE) && sticky_for(obj, cred, st))
        want &= ~(uint32_t)VFS_MAY_XAWRITE;
    return granted_by(&obj->base, want, rwx);
}

/* What this request has met, or another one that had been received as well; or NULL. */
static const struct statx *met(const struct local_object *obj)
{
    const struct statx *st = local_memo_of(obj);

    return st ? st : local_recent_of(obj);
}

bool local_access_known(struct vfs_object *base, const struct vfs_cred *cred, uint32_t want,
                        uint32_t *granted)
{
    struct local_object *obj = local_of(base);
    const struct statx *st = met(obj);
    int rwx;

    want &= meaningful(base);
    if (!st || !local_grant_find(obj, cred, st, rwx_for(base, want), &rwx))
        return false;
    *granted = answer(obj, cred, st, want, rwx);
    return true;
}

/* The attributes as of now, or as this request has met them.  0 or an errno. */
static int look(struct local_object *obj, struct statx *st)
{
    const struct local_fs *fs = local_fs_of(&obj->base);
    const struct local_recent_look recent = local_recent_look(obj);
    const struct statx *known = met(obj);
    struct vfs_memo_mark mark = vfs_memo_mark();
    int err;

    if (known) {
        *st = *known;
        return 0;
    }
    local_fetch_begin(fs);
    err = local_statx(obj->path_fd, "", st) == 0 ? 0 : errno;
    local_fetch_end(fs);
    if (err)
        return err;
    local_memo_keep(fs, obj, &mark, recent.version, st);
    local_recent_keep(obj, &recent, st);
    vfs_memo_look();
    return 0;
}

enum vfs_status local_access(struct vfs_object *base, const struct vfs_cred *cred, uint32_t want,
                             uint32_t *granted)
{
    struct local_object *obj = local_of(base);
    struct statx st = {.stx_mask = 0};
    enum vfs_status status;
    int wanted, rwx, err;

    want &= meaningful(base);
    wanted = rwx_for(base, want);
    err = local_fs_of(base)->ctime_tells || (want & VFS_MAY_XAWRITE) ? look(obj, &st) : 0;
    if (err)
        return local_failure(err);
    if (!local_grant_find(obj, cred, &st, wanted, &rwx)) {
        status = ask(obj, cred, &st, wanted, &rwx);
        if (status != VFS_OK)
            return status;
    }
    *granted = answer(obj, cred, &st, want, rwx);
    return VFS_OK;
}
