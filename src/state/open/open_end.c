/* SPDX-License-Identifier: Apache-2.0 */
#include "state/open/open_end.h"

#include "state/lock/lock_wait.h"
#include "state/open/opener.h"

void open_vfs_close(struct open *open)
{
    struct vfs_object *obj = open->obj;

    for (enum vfs_open_want want = VFS_WANT_READ; want <= VFS_WANT_BOTH; want++) {
        if (open->held & (1u << want))
            obj->fs->ops->close(obj, want);
    }
    open->held = 0;
}

static void remove_locked(struct owner_table *table, struct open *open)
{
    htable_remove(&table->opens, &open->by_owner);
    list_remove(&open->client_link);
    opener_drop_locked(table, open);
    table->open_count--;
    atomic_store_explicit(&table->open_total, table->open_count, memory_order_relaxed);
}

void open_unhash_locked(struct open *open)
{
    struct owner_table *table = owner_table_of(open->client);

    file_share_sub(&open->file->share, open_access(open), open->deny);
    share_group_sub(open->group, open_access(open), open->deny);
    list_remove(&open->file_link);
    share_group_put(&open->file->opens, open->group);
    open->group = NULL;
    lock_wait_forget_open_locked(open);
    pthread_mutex_lock(&table->lock);
    remove_locked(table, open);
    pthread_mutex_unlock(&table->lock);
}

struct open *open_get_first(struct owner_table *table, bool closing)
{
    struct open *open = NULL;

    pthread_mutex_lock(&table->lock);
    if (closing)
        table->closed = true;
    if (!list_empty(&table->open_list)) {
        open = LIST_ENTRY(table->open_list.next, struct open, client_link);
        stateid_get(&open->sid);
    } else if (closing) {
        owner_sweep_locked(table);
    }
    pthread_mutex_unlock(&table->lock);
    return open;
}
