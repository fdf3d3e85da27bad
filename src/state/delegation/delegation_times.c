/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_times.h"

#include "state/delegation/delegation.h"

static bool is_before(struct timespec a, struct timespec b)
{
    return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

struct delegation_times delegation_times_settle(const struct vfs_attr *attr,
                                                const struct vfs_cred *cred, bool writes)
{
    return (struct delegation_times){.held = true,
                                     .of_owner =
                                         writes && (cred->uid == 0 || cred->uid == attr->uid),
                                     .atime = attr->atime,
                                     .mtime = attr->mtime};
}

static bool vet(const struct delegation_times *times, struct timespec granted, struct timespec now,
                struct timespec *time)
{
    if (is_before(*time, granted) && !times->of_owner)
        return false;
    if (is_before(now, *time))
        *time = now;
    return true;
}

void delegation_times_vet(const struct delegation_times *times, struct timespec now,
                          struct delegation_report *report)
{
    report->has_atime = report->has_atime && vet(times, times->atime, now, &report->atime);
    report->has_mtime = report->has_mtime && vet(times, times->mtime, now, &report->mtime);
}

struct delegation_times delegation_times_get(struct delegation *delegation)
{
    struct delegation_times times;

    pthread_mutex_lock(&delegation->file->lock);
    times = delegation->times;
    pthread_mutex_unlock(&delegation->file->lock);
    return times;
}
