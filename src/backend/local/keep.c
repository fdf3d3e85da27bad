/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local/keep.h"

#include <linux/magic.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "backend/local/change.h"
#include "backend/local/cred.h"
#include "backend/local/kept.h"
#include "backend/local/known.h"
#include "backend/local/statx.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"

enum {
    /* Data are on the disk by then: the kernel's default is half a minute.  And XFS has given back
     * what it had taken in advance, after 5 minutes. */
    SETTLED_S = 600,
    /* With relatime the kernel renews a time of access that is a day old; the clocks may differ. */
    ATIME_S = 23 * 60 * 60,
};

/* Of whichever export of a volume wants to keep something first. */
static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;

static enum local_atime atime_of(const struct statvfs *st)
{
    if (st->f_flag & (ST_NOATIME | ST_RDONLY))
        return LOCAL_ATIME_NEVER;
    return st->f_flag & ST_RELATIME ? LOCAL_ATIME_RELATIVE : LOCAL_ATIME_ALWAYS;
}

void local_keep_prepare(struct local_fs *fs)
{
    struct statvfs mount;
    struct statfs st;

    fs->atime = LOCAL_ATIME_ALWAYS;
    if (fstatfs(fs->root_fd, &st) != 0 || fstatvfs(fs->root_fd, &mount) != 0)
        return;
    fs->magic = st.f_type;
    fs->atime = atime_of(&mount);
    fs->delays = st.f_type != TMPFS_MAGIC;
    fs->may_keep = fs->known != NULL;
    if (fs->may_keep)
        fs->base.kept_counters = counter_set_create(VFS_KEPT_COUNT);
}

static void leave_locked(struct local_fs *fs)
{
    if (fs->witnesses)
        local_witness_leave(&fs->volume->witness);
    fs->witnesses = false;
}

/* False: it is needed, and not possible. */
static bool witness_locked(struct local_fs *fs, uint32_t vouched)
{
    int err = 0;

    if (!(vouched & VFS_CHANGES_TOLD)) {
        leave_locked(fs);
    } else if (!fs->witnesses) {
        /* This may be a caller's thread, and the kernel asks who may read the directory. */
        local_cred_server_begin(fs);
        err = local_witness_join(&fs->volume->witness, fs->root_fd, fs->magic);
        local_cred_server_end(fs);
    }
    if (!err) {
        fs->witnesses = (vouched & VFS_CHANGES_TOLD) != 0;
        return true;
    }
    atomic_store(&fs->untold, vouched);
    log_warn("local.untold", LOG_U64("dev_major", fs->dev_major),
             LOG_U64("dev_minor", fs->dev_minor), LOG_STR("why", strerror(err)),
             LOG_STR("effect", "attribute_cache=watched has no effect"));
    return false;
}

static void start_locked(struct local_fs *fs, uint32_t vouched)
{
    struct local_volume *volume = fs->volume;

    if (atomic_load(&fs->keeping) == vouched)
        return;
    if (!atomic_load(&volume->kept_files))
        atomic_store(&volume->kept_files, local_kept_create(&volume->versions));
    if (!atomic_load(&volume->kept_files))
        return;
    if (!witness_locked(fs, vouched))
        return;
    /* What is there may be older than a change of somebody else's. */
    local_versions_next(&volume->versions);
    atomic_store(&fs->keeping, vouched);
}

/* NULL: nothing is kept, with this word at least. */
static struct local_kept *kept_with(struct local_fs *fs, uint32_t vouched)
{
    if (!vouched || !fs->may_keep ||
        atomic_load_explicit(&fs->untold, memory_order_relaxed) == vouched)
        return NULL;
    if (atomic_load_explicit(&fs->keeping, memory_order_acquire) != vouched) {
        pthread_mutex_lock(&start_lock);
        start_locked(fs, vouched);
        pthread_mutex_unlock(&start_lock);
    }
    return atomic_load_explicit(&fs->keeping, memory_order_acquire) == vouched
               ? atomic_load_explicit(&fs->volume->kept_files, memory_order_acquire)
               : NULL;
}

static uint32_t word_of(const struct local_fs *fs)
{
    return atomic_load_explicit(&fs->base.sole_changer, memory_order_acquire);
}

struct local_kept *local_keep_of(struct local_fs *fs)
{
    return kept_with(fs, word_of(fs));
}

static bool catch_up(struct local_fs *fs)
{
    struct local_witness_news news;
    bool told = local_witness_catch_up(&fs->volume->witness, &news);

    if (news.changes > 0)
        counter_add(fs->base.kept_counters, VFS_KEPT_CHANGES, news.changes);
    if (news.overflows > 0)
        counter_add(fs->base.kept_counters, VFS_KEPT_OVERFLOWS, news.overflows);
    return told;
}

struct local_kept *local_keep_current(struct local_fs *fs)
{
    const uint32_t vouched = word_of(fs);
    struct local_kept *kept = kept_with(fs, vouched);

    if (!(vouched & VFS_CHANGES_TOLD) || !fs->may_keep || (kept && catch_up(fs)))
        return kept;
    counter_add(fs->base.kept_counters, VFS_KEPT_UNTOLD, 1);
    return NULL;
}

void local_keep_sweep(struct local_fs *fs)
{
    bool told;

    (void)local_keep_of(fs); /* whether that is possible is logged before somebody needs it */
    pthread_mutex_lock(&start_lock);
    if (!(word_of(fs) & VFS_CHANGES_TOLD))
        leave_locked(fs);
    told = fs->witnesses;
    pthread_mutex_unlock(&start_lock);
    if (told)
        (void)catch_up(fs);
}

void local_keep_end(struct local_fs *fs)
{
    pthread_mutex_lock(&start_lock);
    leave_locked(fs);
    pthread_mutex_unlock(&start_lock);
}

/* ---- changes ---- */

void local_changing_begin_ino(const struct local_fs *fs, uint64_t ino)
{
    local_version_begin(&fs->volume->versions, ino);
}

void local_changing_end_ino(const struct local_fs *fs, uint64_t ino)
{
    local_version_end(&fs->volume->versions, ino);
}

void local_changing_begin(struct local_object *obj)
{
    local_changing_begin_ino(local_fs_of(&obj->base), obj->base.fileid);
}

void local_changing_end(struct local_object *obj)
{
    local_changing_end_ino(local_fs_of(&obj->base), obj->base.fileid);
}

static bool is_later(const struct statx_timestamp *a, const struct statx_timestamp *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

static bool kept_of(struct local_kept *kept, const struct local_object *obj, struct statx *st)
{
    return local_kept_of_file(kept, obj->base.fileid, &obj->file->id,
                              (uint32_t)local_fs_of(&obj->base)->mount_id, st);
}

/* Would the kernel leave the time of access as it is?  As with its relatime. */
static bool is_quiet(enum local_atime atime, const struct statx *st)
{
    if (atime != LOCAL_ATIME_RELATIVE)
        return atime == LOCAL_ATIME_NEVER;
    return is_later(&st->stx_atime, &st->stx_mtime) && is_later(&st->stx_atime, &st->stx_ctime) &&
           clock_realtime().tv_sec - st->stx_atime.tv_sec < ATIME_S;
}

void local_keep_read(struct local_object *obj)
{
    struct local_fs *fs = local_fs_of(&obj->base);
    struct local_kept *kept = atomic_load_explicit(&fs->volume->kept_files, memory_order_acquire);
    struct statx st;

    if (!kept || fs->atime == LOCAL_ATIME_NEVER)
        return;
    if (fs->atime == LOCAL_ATIME_RELATIVE && kept_of(kept, obj, &st) && is_quiet(fs->atime, &st))
        return;
    local_version_next(&fs->volume->versions, obj->base.fileid);
}

/* ---- attributes ---- */

uint64_t local_keep_place(const struct local_object *dir, const char *name)
{
    const struct local_fs *fs = local_fs_of(&dir->base);
    uint64_t seed = hash_u64(dir->base.fileid ^ fs->volume->hash_seed) + (uint64_t)fs->mount_id;

    return hash_bytes(name, strlen(name), seed) | 1;
}

struct local_kept_look local_keep_look(struct local_fs *fs, uint64_t ino, uint64_t place)
{
    struct local_versions *versions = &fs->volume->versions;

    return (struct local_kept_look){.version = local_version_read(versions, ino),
                                    .place = place,
                                    .removals = atomic_load(&versions->removals)};
}

/* Is its space what it will be? */
static bool is_settled(const struct local_fs *fs, const struct statx *st)
{
    if (!fs->delays || !S_ISREG(st->stx_mode) || (st->stx_size == 0 && st->stx_blocks == 0))
        return true;
    return st->stx_ctime.tv_sec < clock_realtime().tv_sec - SETTLED_S;
}

void local_keep(struct local_fs *fs, struct local_kept_look *look, const struct statx *st,
                const struct local_id *id)
{
    struct local_kept *kept = local_keep_of(fs);

    /* Else nobody would tell that it is about to lose a name. */
    if (!kept || local_known_ino(fs->magic, id) != st->stx_ino)
        return;
    look->until_s = is_settled(fs, st) ? 0 : local_kept_now_s() + 1;
    local_kept_keep(kept, look, st, id);
}

bool local_keep_getattr(struct local_object *obj, struct vfs_attr *attr)
{
    struct local_fs *fs = local_fs_of(&obj->base);
    struct local_kept *kept = local_keep_current(fs);
    struct statx st;
    bool found;

    if (!kept)
        return false;
    found = kept_of(kept, obj, &st);
    counter_add(fs->base.kept_counters, found ? VFS_KEPT_HITS : VFS_KEPT_MISSES, 1);
    if (!found)
        return false;
    local_attr_fill(attr, &st);
    attr->change = local_change(fs, obj->file, attr->change);
    return true;
}

bool local_keep_is_quiet(struct local_object *obj)
{
    struct local_fs *fs = local_fs_of(&obj->base);
    struct local_kept *kept = local_keep_of(fs);
    struct local_kept_look look;
    struct statx st;

    if (!kept || fs->atime != LOCAL_ATIME_RELATIVE)
        return kept && fs->atime == LOCAL_ATIME_NEVER;
    if (kept_of(kept, obj, &st))
        return is_quiet(fs->atime, &st);
    look = local_keep_look(fs, obj->base.fileid, 0);
    if (local_statx(obj->path_fd, "", &st) != 0)
        return false;
    local_keep(fs, &look, &st, &obj->file->id);
    return is_quiet(fs->atime, &st);
}
