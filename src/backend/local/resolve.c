/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handles to objects: from the cache, else by open_by_handle_at, else by the map: from the root
 * down the names that were noted, each step verified against the id.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/local/local_internal.h"

enum {
    SEARCH_BYTES = 16 << 10,
    HANDLE_TRIES = 16,
};

struct map_search {
    struct local_fs *fs;
    uint32_t budget; /* directories still to be visited: bad notes must not cost without end */
};

static bool is_root(const struct local_fs *fs, const struct local_id *id)
{
    return local_id_equal(id, &fs->root_id);
}

bool local_inside(const struct local_fs *fs, int fd)
{
    struct local_id id;
    bool inside = false;
    int at = fd;

    /* Steps by `..`; the mount's top is its own parent, or leads to another mount (EXDEV). */
    for (unsigned depth = 0; depth < LIMIT_LOCAL_DEPTH; depth++) {
        int up;

        if (local_identify(fs, at, "", &id) != 0)
            break;
        inside = is_root(fs, &id);
        if (inside)
            break;
        up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (at != fd)
            close(at);
        at = up;
        if (at < 0)
            return false;
    }
    if (at != fd)
        close(at);
    return inside;
}

/* ext4 says ENOMEM of an inode number that another thread is just giving to a new file. */
static int open_kernel_handle(const struct local_fs *fs, struct file_handle *handle)
{
    int fd = -1;

    for (unsigned tries = 0; tries < HANDLE_TRIES; tries++) {
        fd = open_by_handle_at(fs->root_fd, handle, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 || errno != ENOMEM)
            break;
        (void)sched_yield();
    }
    return fd;
}

static enum vfs_status resolve_by_handle(struct local_fs *fs, const struct local_id *id,
                                         struct local_object **out)
{
    uint8_t room[sizeof(struct file_handle) + LOCAL_ID_BYTES_MAX]
        __attribute__((aligned(__alignof__(struct file_handle))));
    struct stat st;
    int fd;

    if (local_kernel_handle(id, room, sizeof(room)) != 0)
        return VFS_STALE;
    fd = open_kernel_handle(fs, (struct file_handle *)(void *)room);
    if (fd < 0)
        return errno == EINVAL || errno == ENOENT ? VFS_STALE : local_failure(errno);
    /* A directory may have been moved out of the tree, and a whole tree of others with it. */
    if (fstat(fd, &st) != 0 || (S_ISDIR(st.st_mode) && !local_inside(fs, fd))) {
        close(fd);
        return VFS_STALE;
    }
    return local_object_from_fd(fs, fd, -1, id, out);
}

/* The entry `name`, if it is the object `id`. */
static enum vfs_status child_if(struct local_object *dir, const char *name,
                                const struct local_id *id, struct local_object **out)
{
    struct local_id found;
    struct local_object *obj;
    enum vfs_status status;
    int err = local_identify(local_fs_of(&dir->base), dir->path_fd, name, &found);

    if (err)
        return err == ENOENT || err == ENOTDIR ? VFS_STALE : local_failure(err);
    if (!local_id_equal(&found, id))
        return VFS_STALE;
    status = local_child(dir, name, &obj);
    if (status != VFS_OK)
        return status == VFS_NOENT ? VFS_STALE : status;
    local_object_id(obj, &found);
    if (!local_id_equal(&found, id)) {
        vfs_object_put(&obj->base);
        return VFS_STALE;
    }
    *out = obj;
    return VFS_OK;
}

/* Not inlined: its buffer must not stand in every frame of the recursion. */
static __attribute__((noinline)) enum vfs_status search_entries(struct local_object *dir,
                                                                const struct local_id *id,
                                                                uint64_t ino, int fd,
                                                                struct local_object **out)
{
    char buf[SEARCH_BYTES] __attribute__((aligned(__alignof__(struct dirent64))));
    size_t seen = 0;
    ssize_t got;

    while ((got = getdents64(fd, buf, sizeof(buf))) > 0) {
        for (ssize_t at = 0; at < got;) {
            const struct dirent64 *entry = (const struct dirent64 *)(const void *)(buf + at);

            at += entry->d_reclen;
            if (entry->d_ino == ino && !local_is_dots(entry->d_name) &&
                child_if(dir, entry->d_name, id, out) == VFS_OK) {
                local_note(dir, entry->d_name, id, ino);
                return VFS_OK;
            }
            if (++seen == LIMIT_LOCAL_SEARCH_ENTRIES)
                return VFS_STALE;
        }
    }
    return VFS_STALE;
}

/* It was renamed within its directory, not by us. */
static enum vfs_status search_directory(struct local_object *dir, const struct local_id *id,
                                        uint64_t ino, struct local_object **out)
{
    enum vfs_status status;
    int fd = local_reopen(local_fs_of(&dir->base), dir->path_fd, O_RDONLY | O_DIRECTORY);

    if (fd < 0)
        return VFS_STALE;
    status = search_entries(dir, id, ino, fd, out);
    close(fd);
    return status;
}

static enum vfs_status resolve_by_map(struct map_search *search, const struct local_id *id,
                                      unsigned depth, struct local_object **out);

static enum vfs_status try_place(struct map_search *search, const struct local_id *id,
                                 const struct local_place *place, unsigned depth,
                                 struct local_object **out)
{
    struct local_object *dir;
    enum vfs_status status = resolve_by_map(search, &place->parent, depth - 1, &dir);

    if (status != VFS_OK)
        return status;
    if (dir->base.type == VFS_DIR) {
        status = child_if(dir, place->name, id, out);
        if (status == VFS_STALE) {
            local_note_gone(dir, place->name, id);
            status = search_directory(dir, id, place->ino, out);
        }
    } else {
        status = VFS_STALE;
    }
    vfs_object_put(&dir->base);
    return status;
}

/* Recursion is bounded by `depth`, work by the budget. */
static enum vfs_status resolve_by_map(struct map_search *search, const struct local_id *id,
                                      unsigned depth, struct local_object **out)
{
    struct local_fs *fs = search->fs;
    struct local_place *places;
    enum vfs_status status;
    size_t count;

    *out = local_object_find(fs, id);
    if (*out)
        return VFS_OK;
    if (depth == 0 || search->budget == 0)
        return VFS_STALE;
    search->budget--;
    places = must_malloc(LOCAL_PLACES_MAX * sizeof(*places));
    status = local_map_find(fs->map, id, places, &count);
    if (status == VFS_OK)
        status = VFS_STALE;
    else
        count = 0;
    for (size_t i = 0; i < count && status == VFS_STALE; i++)
        status = try_place(search, id, &places[i], depth, out);
    free(places);
    return status;
}

static enum vfs_status resolve_cold(struct local_fs *fs, const struct local_id *id,
                                    struct local_object **out)
{
    struct map_search search = {.fs = fs, .budget = LIMIT_LOCAL_DEPTH * 2};
    enum vfs_status status;

    /* A handle says nothing of rights: what is done with the object asks for them. */
    local_cred_server_begin(fs);
    status = fs->by_handle ? resolve_by_handle(fs, id, out)
                           : resolve_by_map(&search, id, LIMIT_LOCAL_DEPTH, out);
    local_cred_server_end(fs);
    return status;
}

static bool gone(struct local_object *obj)
{
    bool dead;

    if (!atomic_load_explicit(&obj->unlinked, memory_order_relaxed))
        return false;
    pthread_mutex_lock(&obj->lock);
    dead = obj->pins[0] + obj->pins[1] == 0;
    pthread_mutex_unlock(&obj->lock);
    return dead;
}

enum vfs_status local_resolve(struct vfs *base, const struct vfs_handle *handle,
                              struct vfs_object **out)
{
    struct local_fs *fs = CONTAINER_OF(base, struct local_fs, base);
    struct local_object *obj;
    struct local_id id;
    enum vfs_status status = local_handle_check(fs, handle, &id);

    if (status != VFS_OK)
        return status;
    obj = local_object_find(fs, &id);
    if (!obj) {
        vfs_blocking_begin(false);
        status = resolve_cold(fs, &id, &obj);
        vfs_blocking_end();
        if (status != VFS_OK)
            return status;
    }
    if (gone(obj)) {
        vfs_object_put(&obj->base);
        return VFS_STALE;
    }
    *out = &obj->base;
    return VFS_OK;
}
