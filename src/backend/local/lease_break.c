/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a lease: it conflicts with ourselves, or a local process opens the file. */
#include "backend/local/lease_break.h"

#include "backend/local/cred.h"

void local_lease_release_locked(struct local_lease *lease)
{
    const struct local_fs *fs = local_fs_of(&lease->obj->base);

    if (!lease->lost) {
        local_cred_server_begin(fs); /* the server holds it */
        (void)fcntl(lease->fd, F_SETLEASE, F_UNLCK);
        local_cred_server_end(fs);
    }
    lease->lost = true;
}

/* Is the lease being broken, and for what use?  False: it is not. */
static bool broken_locked(struct local_lease *lease, enum vfs_lease *use)
{
    int left = lease->lost ? F_UNLCK : fcntl(lease->fd, F_GETLEASE);

    if (left == F_WRLCK || (left == F_RDLCK && lease->kind == VFS_LEASE_READ))
        return false;
    *use = left == F_RDLCK ? VFS_LEASE_READ : VFS_LEASE_WRITE;
    /* A reader waits, and the remaining leases do not exclude readers.  The kernel can't downgrade
     * this lease, since its descriptor can write: give it back. */
    if (*use == VFS_LEASE_READ && lease->counts[VFS_LEASE_WRITE] == 0) {
        local_lease_release_locked(lease);
        *use = VFS_LEASE_WRITE;
    }
    return true;
}

void local_lease_look(struct local_object *obj)
{
    enum vfs_lease use;
    bool tell, held_up = false;

    pthread_mutex_lock(&obj->lock);
    tell = obj->lease && broken_locked(obj->lease, &use) && !obj->lease->reported[use];
    if (tell) {
        obj->lease->reported[use] = true;
        held_up = !obj->lease->lost;
    }
    pthread_mutex_unlock(&obj->lock);
    if (tell)
        vfs_lease_broken(&obj->base, use, held_up);
}
