/* SPDX-License-Identifier: Apache-2.0 */
/* Does a directory lie within the export?  A walk up to the root tells. */
#include <errno.h>
#include <unistd.h>

#include "backend/local/local_internal.h"

struct local_ancestry *local_ancestry_create(void)
{
    return NULL;
}

void local_ancestry_destroy(struct local_ancestry *ancestry)
{
    (void)ancestry;
}

bool local_ancestry_due(const struct local_fs *fs, uint32_t epoch)
{
    return atomic_load_explicit(&fs->epoch, memory_order_relaxed) - epoch >= LOCAL_INSIDE_EPOCHS;
}

/* Steps by `..`; the mount's top is its own parent, or leads to another mount (EXDEV). */
enum vfs_status local_ancestry_check(const struct local_fs *fs, int fd, const struct local_id *id,
                                     uint32_t *epoch)
{
    enum vfs_status status = VFS_NOENT;
    struct local_id here = *id;
    int at = fd;

    *epoch = atomic_load_explicit(&fs->epoch, memory_order_relaxed);
    for (unsigned depth = 0; depth < LIMIT_LOCAL_DEPTH; depth++) {
        int up, err;

        if (local_id_equal(&here, &fs->root_id)) {
            status = VFS_OK;
            break;
        }
        up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        err = up < 0 ? errno : 0;
        if (at != fd)
            close(at);
        at = up;
        if (!err)
            err = local_identify(fs, at, "", &here);
        if (err) {
            status = err == EXDEV ? VFS_NOENT : local_failure(err);
            break;
        }
    }
    if (at >= 0 && at != fd)
        close(at);
    return status;
}

enum vfs_status local_ancestry_check_parent(const struct local_fs *fs, const struct local_id *id,
                                            int fd, const struct local_id *parent, uint32_t *epoch)
{
    (void)id;
    return local_ancestry_check(fs, fd, parent, epoch);
}
