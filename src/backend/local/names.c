/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A turn conflicts with those that came before it at the same directory and have a name in common
 * with it; it waits until they have ended, whether they have come or wait themselves.  So nobody
 * starves.
 *
 * Two turns wait for each other never: both names of one directory are one turn, and those of two
 * directories are taken in the order of the directories' addresses.  So whoever has a turn waits
 * for directories behind its own only.
 */
#include "backend/local/names.h"

#include <linux/fs.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#include "backend/local/local_internal.h"
#include "base/check.h"
#include "base/limits.h"

enum {
    /* not in linux/magic.h */
    HFS_MAGIC = 0x4244,
    HFS_PLUS_MAGIC = 0x482b,
    NTFS_MAGIC = 0x5346544e,
    NTFS3_MAGIC = 0x7366746e,
};

static bool is_vague_type(uint32_t type)
{
    switch (type) {
    case MSDOS_SUPER_MAGIC:
    case EXFAT_SUPER_MAGIC:
    case NTFS_MAGIC:
    case NTFS3_MAGIC:
    case HFS_MAGIC:
    case HFS_PLUS_MAGIC:
    case AFFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case SMB2_SUPER_MAGIC:
    case CIFS_SUPER_MAGIC:
        return true;
    default:
        return false;
    }
}

bool local_names_are_vague(int fd)
{
    struct statfs st;
    int flags = 0;

    return (fstatfs(fd, &st) == 0 && is_vague_type((uint32_t)st.f_type)) ||
           (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_CASEFOLD_FL));
}

void local_names_init(struct local_names *names)
{
    CHECK(pthread_mutex_init(&names->lock, NULL) == 0);
    list_init(&names->turns);
}

void local_names_fini(struct local_names *names)
{
    CHECK(list_empty(&names->turns));
    CHECK(pthread_mutex_destroy(&names->lock) == 0);
}

static bool is_at(const struct local_turn *turn, const char *name)
{
    return strcmp(turn->name, name) == 0 || (turn->other && strcmp(turn->other, name) == 0);
}

static bool conflict(const struct local_turn *a, const struct local_turn *b)
{
    return !a->name || !b->name || is_at(a, b->name) || (b->other && is_at(a, b->other));
}

/* Is there a turn before it that it has to wait for? */
static bool must_wait_locked(const struct local_names *names, const struct local_turn *turn)
{
    LIST_FOREACH (before, &names->turns, struct local_turn, link) {
        if (before == turn)
            return false;
        if (conflict(before, turn))
            return true;
    }
    return false;
}

static void wait_locked(struct local_names *names, struct local_turn *turn)
{
    CHECK(pthread_cond_init(&turn->come, NULL) == 0);
    turn->waits = true;
    while (turn->waits)
        pthread_cond_wait(&turn->come, &names->lock);
    CHECK(pthread_cond_destroy(&turn->come) == 0);
}

static enum vfs_status begin(struct local_names *names, struct local_turn *turn)
{
    enum vfs_status status = VFS_OK;

    turn->waits = false;
    pthread_mutex_lock(&names->lock);
    if (names->turn_count < LIMIT_LOCAL_NAMES_TURNS) {
        names->turn_count++;
        list_push_back(&names->turns, &turn->link);
        if (must_wait_locked(names, turn))
            wait_locked(names, turn);
    } else {
        status = VFS_DELAY;
    }
    pthread_mutex_unlock(&names->lock);
    return status;
}

/* Those that waited for this one may have nobody else to wait for. */
static void end(struct local_names *names, struct local_turn *turn)
{
    pthread_mutex_lock(&names->lock);
    list_remove(&turn->link);
    names->turn_count--;
    LIST_FOREACH (next, &names->turns, struct local_turn, link) {
        if (!next->waits || !conflict(turn, next) || must_wait_locked(names, next))
            continue;
        next->waits = false;
        pthread_cond_signal(&next->come);
    }
    pthread_mutex_unlock(&names->lock);
}

/* A call that finds the directory unwatched, and is still under way when somebody has begun to
 * watch it, is waited for by all calls that find it watched. */
static bool takes_all(const struct local_object *dir)
{
    return local_fs_of(&dir->base)->names_vague || vfs_watched(&dir->file->base);
}

enum vfs_status local_names_begin(struct local_object *dir, const char *name,
                                  struct local_turn *turn)
{
    turn->name = takes_all(dir) ? NULL : name;
    turn->other = NULL;
    return begin(&dir->file->names, turn);
}

void local_names_end(struct local_object *dir, struct local_turn *turn)
{
    end(&dir->file->names, turn);
}

static enum vfs_status begin_both(struct local_object *first, const char *name,
                                  struct local_turn *turn, struct local_object *second,
                                  const char *second_name, struct local_turn *second_turn)
{
    enum vfs_status status = local_names_begin(first, name, turn);

    if (status != VFS_OK)
        return status;
    status = local_names_begin(second, second_name, second_turn);
    if (status != VFS_OK)
        local_names_end(first, turn);
    return status;
}

enum vfs_status local_names_begin_both(struct local_object *from_dir, const char *from,
                                       struct local_object *to_dir, const char *to,
                                       struct local_turns *turns)
{
    if (from_dir->file < to_dir->file)
        return begin_both(from_dir, from, &turns->from, to_dir, to, &turns->to);
    if (from_dir->file > to_dir->file)
        return begin_both(to_dir, to, &turns->to, from_dir, from, &turns->from);
    turns->from.name = takes_all(from_dir) ? NULL : from;
    turns->from.other = turns->from.name ? to : NULL;
    return begin(&from_dir->file->names, &turns->from);
}

void local_names_end_both(struct local_object *from_dir, struct local_object *to_dir,
                          struct local_turns *turns)
{
    local_names_end(from_dir, &turns->from);
    if (from_dir->file != to_dir->file)
        local_names_end(to_dir, &turns->to);
}
