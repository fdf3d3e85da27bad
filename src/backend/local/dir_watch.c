/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches directories with fanotify, unprivileged: one mark on the inode of each.  Only the
 * directory's handle is asked for, not the names: so the kernel merges the changes that one process
 * makes in one directory until they are read, and the queue hardly ever overflows.
 */
#include "backend/local/dir_watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "backend/local/fan_event.h"
#include "backend/local/identify.h"
#include "backend/local/path.h"
#include "backend/local/statx.h"
#include "base/memory.h"

#ifndef FAN_MARK_EVICTABLE
#define FAN_MARK_EVICTABLE 0x200 /* Linux 5.19 */
#endif

enum {
    EVENTS_BYTES = 16384, /* read at a time */
    REPORTS = 64,         /* at a time */
    MARKS_LEAST = 8192,   /* of a user, on any machine */
    SWEEP_MAX = 16384,    /* directories examined in a second */
    SWEEP_STEP = 64,      /* with the lock held */
    /* There are at least this many times more descriptors than watched directories. */
    DESCRIPTORS_PER_WATCH = 4,
};

/* Entries come and go, attributes change, it moves. */
static const uint64_t CHANGES = FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO |
                                FAN_ATTRIB | FAN_MOVE_SELF | FAN_ONDIR;

/* Process-wide, as there are few groups for a user. */
static struct {
    pthread_mutex_t lock; /* a leaf, but for the mutexes of memory */
    int fd;               /* the group, or -1 */
    int trial_fd;         /* another one, for local_dir_watch_obstacle(); or -1 */
    int err;              /* why there is none */
    uint32_t max;
    struct htable watches; /* by the name that fanotify gives them */
    struct list due;
} dirs = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1, .trial_fd = -1};

static int group_open(void)
{
    return fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DIR_FID | FAN_CLOEXEC | FAN_NONBLOCK,
                         O_RDONLY);
}

/* Half of the marks that the user may have: other programs need some, too. */
static uint32_t find_max(void)
{
    FILE *file = fopen("/proc/sys/fs/fanotify/max_user_marks", "re");
    uint64_t marks = MARKS_LEAST;
    char text[24];

    if (file) {
        if (fgets(text, sizeof(text), file))
            marks = strtoull(text, NULL, 10);
        (void)fclose(file);
    }
    return marks / 2 < LIMIT_LOCAL_WATCHES ? (uint32_t)(marks / 2) : LIMIT_LOCAL_WATCHES;
}

/* Closing a group takes up to a third of a second, so these two stay open. */
static void open_groups(void)
{
    if (dirs.trial_fd < 0)
        dirs.trial_fd = group_open();
    if (dirs.trial_fd >= 0 && dirs.fd < 0)
        dirs.fd = group_open();
    dirs.err = dirs.fd < 0 ? errno : 0;
}

int local_dir_watch_init(void)
{
    open_groups();
    dirs.max = find_max();
    htable_init(&dirs.watches, 64);
    list_init(&dirs.due);
    return dirs.fd;
}

void local_dir_watch_fini(void)
{
    htable_fini(&dirs.watches);
}

/* ---- the names that fanotify gives to directories ---- */

static uint64_t name_hash(uint64_t fsid, const struct local_id *id)
{
    return hash_bytes(id->data, id->len, fsid);
}

/* 0 or an errno. */
static int fsid_of(int fd, uint64_t *fsid)
{
    struct statfs st;

    if (fstatfs(fd, &st) != 0)
        return errno;
    _Static_assert(sizeof(st.f_fsid) == sizeof(*fsid), "two words");
    memcpy(fsid, &st.f_fsid, sizeof(*fsid));
    return 0;
}

/* ---- marks ---- */

/* `fd` may be an O_PATH descriptor.  0 or an errno.  A mark that is evictable vanishes with the
 * inode; so none is left of a directory that cannot be read any more when the mark is removed. */
static int mark_add(int group, int fd, uint64_t mask)
{
    const unsigned how = FAN_MARK_ADD | FAN_MARK_ONLYDIR;

    if (fanotify_mark(group, how | FAN_MARK_EVICTABLE, mask, fd, ".") == 0)
        return 0;
    if (errno == EINVAL && fanotify_mark(group, how, mask, fd, ".") == 0)
        return 0;
    return errno;
}

/* Read all that the trial group has; is there an event of the root? */
static bool root_reported_locked(const struct local_fs *fs, uint64_t fsid)
{
    bool found = false;
    struct local_fan_name name;
    struct local_fan_event event;
    uint8_t buf[1024];
    ssize_t got;

    while ((got = read(dirs.trial_fd, buf, sizeof(buf))) > 0) {
        for (const uint8_t *at = buf; local_fan_event_read(at, (size_t)(buf + got - at), &event);
             at = event.end)
            found |= local_fan_event_name(&event, FAN_EVENT_INFO_TYPE_DFID, &name) &&
                     name.fsid == fsid && local_id_equal(&name.id, &fs->root_id);
    }
    return found;
}

/* Does the kernel report an open of the root, and by the name that we expect? */
static const char *try_root_locked(const struct local_fs *fs)
{
    const uint64_t opens = FAN_OPEN | FAN_ONDIR;
    uint64_t fsid = 0;
    int err = fsid_of(fs->root_fd, &fsid), fd;

    if (!err)
        err = mark_add(dirs.trial_fd, fs->root_fd, opens);
    if (err)
        return strerror(err);
    fd = openat(fs->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    (void)fanotify_mark(dirs.trial_fd, FAN_MARK_REMOVE, opens, fs->root_fd, ".");
    return root_reported_locked(fs, fsid) ? NULL : "fanotify does not identify its directories";
}

const char *local_dir_watch_obstacle(const struct local_fs *fs)
{
    const char *obstacle;

    if (fs->fetches)
        return "its file system may change without this kernel";
    if (fs->id_kind == LOCAL_ID_INO)
        return "its file system has no handles";
    pthread_mutex_lock(&dirs.lock);
    obstacle = dirs.err ? strerror(dirs.err) : try_root_locked(fs);
    pthread_mutex_unlock(&dirs.lock);
    return obstacle;
}

/* ---- watches ---- */

/* The first watch of that name from `node` on. */
static struct local_dir_watch *named_from(struct hnode *node, uint64_t fsid,
                                          const struct local_id *id)
{
    for (; node; node = htable_next(node)) {
        struct local_dir_watch *watch = CONTAINER_OF(node, struct local_dir_watch, by_name);

        if (watch->fsid == fsid && local_id_equal(&watch->obj->file->id, id))
            return watch;
    }
    return NULL;
}

static struct local_dir_watch *first_named(uint64_t fsid, const struct local_id *id)
{
    return named_from(htable_first(&dirs.watches, name_hash(fsid, id)), fsid, id);
}

static enum vfs_status status_of(int err)
{
    switch (err) {
    case 0:
        return VFS_OK;
    case ENOSPC: /* the user has no marks left */
    case ENOMEM:
        return VFS_DELAY;
    case EACCES:
    case EPERM:
        return VFS_PERM;
    default:
        return VFS_NOTSUPP;
    }
}

/* How many more directories of the file system can be watched. */
static uint32_t left_locked(const struct local_fs *fs)
{
    const uint32_t most = fs->descriptors_max / DESCRIPTORS_PER_WATCH;
    const uint32_t of_fs = most > fs->dir_watch_count ? most - fs->dir_watch_count : 0;
    const uint32_t of_all =
        dirs.max > dirs.watches.count ? dirs.max - (uint32_t)dirs.watches.count : 0;

    return of_fs < of_all ? of_fs : of_all;
}

static void publish_left_locked(struct local_fs *fs)
{
    atomic_store_explicit(&fs->base.dir_leases_left, left_locked(fs), memory_order_relaxed);
}

void local_dir_watch_prepare(struct local_fs *fs)
{
    pthread_mutex_lock(&dirs.lock);
    publish_left_locked(fs);
    pthread_mutex_unlock(&dirs.lock);
}

/* These file systems keep the inodes of known objects in memory: a mark waits for no disk. */
static enum vfs_status mark_locked(const struct local_fs *fs, struct local_dir_watch *watch)
{
    int err;

    if (dirs.fd < 0)
        return VFS_NOTSUPP;
    if (left_locked(fs) == 0)
        return VFS_DELAY;
    err = fsid_of(watch->obj->path_fd, &watch->fsid);
    return status_of(err ? err : mark_add(dirs.fd, watch->obj->path_fd, CHANGES));
}

/* *fresh becomes NULL when the directory has taken it over. */
static enum vfs_status get_locked(struct local_object *dir, struct local_dir_watch **fresh)
{
    struct local_fs *fs = local_fs_of(&dir->base);
    struct local_dir_watch *watch = dir->dir_watch;
    enum vfs_status status;

    if (!watch) {
        watch = *fresh;
        watch->obj = dir;
        status = mark_locked(fs, watch);
        if (status != VFS_OK)
            return status;
        *fresh = NULL;
        CHECK(local_path_try(dir));
        vfs_object_get(&dir->base);
        dir->dir_watch = watch;
        list_init(&watch->due);
        list_push_back(&fs->dir_watches, &watch->of_fs);
        fs->dir_watch_count++;
        htable_insert(&dirs.watches, &watch->by_name, name_hash(watch->fsid, &dir->file->id));
        publish_left_locked(fs);
    } else if (watch->broken) {
        return VFS_DELAY;
    }
    watch->leases++;
    return VFS_OK;
}

enum vfs_status local_dir_watch_get(struct local_object *dir)
{
    struct local_dir_watch *fresh = memory_zalloc(MEMORY_cached, sizeof(*fresh));
    enum vfs_status status;

    if (!fresh)
        return VFS_DELAY;
    pthread_mutex_lock(&dirs.lock);
    status = get_locked(dir, &fresh);
    pthread_mutex_unlock(&dirs.lock);
    memory_free(MEMORY_cached, fresh);
    return status;
}

static void remove_locked(struct local_dir_watch *watch)
{
    struct local_object *dir = watch->obj;

    dir->dir_watch = NULL;
    list_remove(&watch->due);
    list_remove(&watch->of_fs);
    local_fs_of(&dir->base)->dir_watch_count--;
    htable_remove(&dirs.watches, &watch->by_name);
    publish_left_locked(local_fs_of(&dir->base));
    if (dirs.fd >= 0 && !first_named(watch->fsid, &dir->file->id))
        (void)fanotify_mark(dirs.fd, FAN_MARK_REMOVE, CHANGES, dir->path_fd, ".");
}

void local_dir_watch_put(struct local_object *dir)
{
    struct local_dir_watch *watch;
    bool last;

    pthread_mutex_lock(&dirs.lock);
    watch = dir->dir_watch;
    CHECK(watch && watch->leases > 0);
    last = --watch->leases == 0;
    if (last)
        remove_locked(watch);
    pthread_mutex_unlock(&dirs.lock);
    if (!last)
        return;
    memory_free(MEMORY_cached, watch);
    local_path_put(dir);
    vfs_object_put(&dir->base);
}

/* ---- changes ---- */

static void break_locked(struct local_dir_watch *watch)
{
    if (watch->broken)
        return;
    watch->broken = true;
    list_push_back(&dirs.due, &watch->due);
}

static bool visit_break(struct hnode *node, void *unused)
{
    (void)unused;
    break_locked(CONTAINER_OF(node, struct local_dir_watch, by_name));
    return true;
}

/* What was changed is unknown. */
static void break_all_locked(void)
{
    htable_visit(&dirs.watches, visit_break, NULL);
}

/* An unprivileged group is told the number of its own process only; of others, 0. */
static void take_locked(const struct local_fan_event *event, pid_t own)
{
    struct local_dir_watch *watch;
    struct local_fan_name name;

    if (event->head.mask & FAN_Q_OVERFLOW) {
        break_all_locked();
        return;
    }
    if (event->head.pid == own || !local_fan_event_name(event, FAN_EVENT_INFO_TYPE_DFID, &name))
        return;
    for (watch = first_named(name.fsid, &name.id); watch;
         watch = named_from(htable_next(&watch->by_name), name.fsid, &name.id))
        break_locked(watch);
}

/* Not to be expected.  Without the group, no change would be noticed. */
static void fail_locked(void)
{
    dirs.err = errno;
    close(dirs.fd);
    dirs.fd = -1;
    break_all_locked();
}

bool local_dir_watch_receive(void)
{
    uint8_t buf[EVENTS_BYTES];
    const pid_t own = getpid();
    struct local_fan_event event;
    ssize_t got;
    bool more;

    pthread_mutex_lock(&dirs.lock);
    got = dirs.fd >= 0 ? read(dirs.fd, buf, sizeof(buf)) : 0;
    if (got < 0 && errno != EAGAIN && errno != EINTR)
        fail_locked();
    for (const uint8_t *at = buf;
         got > 0 && local_fan_event_read(at, (size_t)(buf + got - at), &event); at = event.end)
        take_locked(&event, own);
    more = dirs.fd >= 0;
    pthread_mutex_unlock(&dirs.lock);
    return more;
}

static struct local_object *next_due(void)
{
    struct local_object *dir = NULL;
    struct list *link;

    pthread_mutex_lock(&dirs.lock);
    link = list_pop_front(&dirs.due);
    if (link) {
        dir = LIST_ENTRY(link, struct local_dir_watch, due)->obj;
        vfs_object_get(&dir->base);
    }
    pthread_mutex_unlock(&dirs.lock);
    return dir;
}

bool local_dir_watch_report(void)
{
    struct local_object *dir;

    for (uint32_t i = 0; i < REPORTS; i++) {
        dir = next_due();
        if (!dir)
            return false;
        vfs_lease_broken(&dir->base, VFS_LEASE_WRITE, false);
        vfs_object_put(&dir->base);
    }
    return true;
}

/* The one that was not examined for the longest time. */
static bool examine_locked(struct local_fs *fs)
{
    struct list *link = list_pop_front(&fs->dir_watches);
    struct local_dir_watch *watch = LIST_ENTRY(link, struct local_dir_watch, of_fs);
    struct statx st;

    list_push_back(&fs->dir_watches, link);
    if (watch->broken || local_statx(watch->obj->path_fd, "", &st) != 0 || st.stx_nlink > 0)
        return false;
    break_locked(watch);
    return true;
}

bool local_dir_watch_sweep(struct local_fs *fs)
{
    uint32_t examined = 0, count;
    bool found = false;

    do {
        pthread_mutex_lock(&dirs.lock);
        count = fs->dir_watch_count < SWEEP_MAX ? fs->dir_watch_count : SWEEP_MAX;
        for (uint32_t i = 0; i < SWEEP_STEP && examined < count; i++, examined++)
            found |= examine_locked(fs);
        pthread_mutex_unlock(&dirs.lock);
    } while (examined < count);
    return found;
}
