/* SPDX-License-Identifier: Apache-2.0 */
#include "state/open/open.h"

static bool permits_locked(const struct open *open, uint32_t access, const struct vfs_cred *cred)
{
    return open_check_locked(open, 0) == NFS4_OK && (open_access(open) & access) &&
           open_by_caller(open, access, cred);
}

static const struct open *find_locked(struct file *file, const struct client *client,
                                      const struct vfs_object *obj, uint32_t access,
                                      const struct vfs_cred *cred)
{
    const struct share_group *group = share_group_lookup(&file->opens, client, obj);

    if (!group)
        return NULL;
    LIST_FOREACH (open, &group->opens, struct open, file_link)
        if (permits_locked(open, access, cred))
            return open;
    return NULL;
}

bool open_find_by_caller(struct client *client, struct vfs_object *obj, uint32_t access,
                         const struct vfs_cred *cred, struct stateid4 *out)
{
    struct file *file = file_lookup(client->state->opens->files, obj);
    const struct open *open;

    if (!file)
        return false;
    pthread_mutex_lock(&file->lock);
    open = find_locked(file, client, obj, access, cred);
    if (open)
        stateid_value(&open->sid, out);
    pthread_mutex_unlock(&file->lock);
    file_put(file);
    out->seqid = 0;
    return open != NULL;
}
