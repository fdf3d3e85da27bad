/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/change_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

static void entry_copy(struct told_entry *to, const struct vfs_change_entry *from)
{
    memset(to, 0, sizeof(*to));
    if (!from->name)
        return;
    CHECK(from->len > 0 && from->len < sizeof(to->name));
    memcpy(to->name, from->name, from->len);
    to->cookie = from->cookie;
    to->fileid = from->obj ? from->obj->fileid : 0;
}

static void on_change(struct vfs_node *dir, const struct vfs_change *change, void *context)
{
    struct change_log *log = context;
    struct told *told;

    pthread_mutex_lock(&log->lock);
    CHECK(log->count < CHANGE_LOG_MAX);
    told = &log->all[log->count++];
    told->dir = dir;
    told->kind = change->kind;
    told->actor = change->actor;
    told->after = change->after;
    entry_copy(&told->entry, &change->entry);
    entry_copy(&told->old, &change->old);
    entry_copy(&told->replaced, &change->replaced);
    entry_copy(&told->previous, &change->previous);
    pthread_mutex_unlock(&log->lock);
}

struct change_log *change_log_create(void)
{
    struct change_log *log = must_calloc(1, sizeof(*log));

    log->hook = (struct vfs_change_hook){.changed = on_change, .context = log};
    log->all = must_calloc(CHANGE_LOG_MAX, sizeof(*log->all));
    pthread_mutex_init(&log->lock, NULL);
    vfs_change_hook_set(&log->hook);
    return log;
}

void change_log_destroy(struct change_log *log)
{
    vfs_change_hook_set(NULL);
    pthread_mutex_destroy(&log->lock);
    free(log->all);
    free(log);
}
