/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds objects by the map, where they cannot be opened by handle: from a known directory down the
 * noted names.  Each step is verified against the ID.
 */
#include "backend/local/search.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "backend/local/array.h"
#include "backend/local/cache.h"
#include "backend/local/descriptor.h"
#include "backend/local/identify.h"
#include "backend/local/keep.h"
#include "backend/local/lookup.h"
#include "backend/local/note.h"
#include "backend/local/path.h"
#include "backend/local/status.h"
#include "base/memory.h"

enum {
    SEARCH_BYTES = 16 << 10,
    SEARCH_DEPTH = 128, /* directories up that recursion goes; deeper ones are found from above */
};

struct search {
    struct local_fs *fs;
    uint32_t budget; /* directories that may still be visited: bounds the cost of bad notes */
    bool too_deep;   /* recursion ended early */
};

/* Open the entry `name`, if it is the object `id`. */
static enum vfs_status open_if(const struct local_object *dir, const char *name,
                               const struct local_id *id, int *fd)
{
    int at = openat(dir->path_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct local_id found;
    int err;

    if (at < 0)
        return errno == ENOENT || errno == ENOTDIR ? VFS_STALE : local_failure(errno);
    err = local_identify(local_fs_of(&dir->base), at, "", &found);
    if (!err && local_id_equal(&found, id)) {
        *fd = at;
        return VFS_OK;
    }
    close(at);
    return err && err != EXDEV ? local_failure(err) : VFS_STALE;
}

/* Not inlined, to keep its buffer out of the recursion's frames. */
static __attribute__((noinline)) enum vfs_status search_entries(struct local_object *dir,
                                                                const struct local_id *id,
                                                                uint64_t ino, int dir_fd, int *fd)
{
    char buf[SEARCH_BYTES] __attribute__((aligned(__alignof__(struct dirent64))));
    size_t seen = 0;
    ssize_t got;

    while ((got = getdents64(dir_fd, buf, sizeof(buf))) > 0) {
        for (ssize_t at = 0; at < got;) {
            const struct dirent64 *entry = (const struct dirent64 *)(const void *)(buf + at);

            at += entry->d_reclen;
            if (entry->d_ino == ino && !local_is_dots(entry->d_name) &&
                open_if(dir, entry->d_name, id, fd) == VFS_OK) {
                (void)local_note(dir, entry->d_name, id, ino);
                return VFS_OK;
            }
            if (++seen == LIMIT_LOCAL_SEARCH_ENTRIES)
                return VFS_STALE;
        }
    }
    return VFS_STALE;
}

/* The object may have been renamed within its directory by a local process: search the
 * directory. */
static enum vfs_status search_directory(struct local_object *dir, const struct local_id *id,
                                        uint64_t ino, int *fd)
{
    enum vfs_status status;
    int dir_fd =
        local_descriptor_reopen(local_fs_of(&dir->base), dir->path_fd, O_RDONLY | O_DIRECTORY);

    if (dir_fd < 0)
        return VFS_STALE;
    status = search_entries(dir, id, ino, dir_fd, fd);
    local_keep_read(dir);
    close(dir_fd);
    return status;
}

static enum vfs_status find_fd(struct search *search, const struct local_id *id, unsigned depth,
                               int *fd);

static enum vfs_status find_object(struct search *search, const struct local_id *id, unsigned depth,
                                   struct local_object **out)
{
    enum vfs_status status;
    int fd;

    *out = local_cache_lookup(search->fs, id);
    if (*out)
        return VFS_OK;
    status = find_fd(search, id, depth, &fd);
    if (status == VFS_OK)
        status = local_cache_from_fd(search->fs, fd, -1, id, out);
    return status == VFS_XDEV ? VFS_STALE : status;
}

/* Find the directory `id`; returns it with a reference and with its path held. */
static enum vfs_status find_directory(struct search *search, const struct local_id *id,
                                      unsigned depth, struct local_object **out)
{
    enum vfs_status status = find_object(search, id, depth, out);
    int fd;

    if (status != VFS_OK)
        return status;
    if ((*out)->base.type != VFS_DIR)
        status = VFS_STALE;
    else if (!local_path_try(*out)) {
        status = local_cache_reserve(search->fs);
        if (status == VFS_OK)
            status = find_fd(search, id, depth, &fd);
        if (status == VFS_OK)
            local_cache_set_path(*out, fd);
    }
    if (status != VFS_OK)
        vfs_object_put(&(*out)->base);
    return status;
}

static void release_directory(struct local_object *dir)
{
    if (!dir)
        return;
    local_path_put(dir);
    vfs_object_put(&dir->base);
}

/* Remove a note.  The object may be known, but without its path descriptor. */
static void place_gone(struct local_object *dir, const char *name, const struct local_id *id)
{
    struct local_object *obj = local_cache_lookup(local_fs_of(&dir->base), id);

    local_note_gone(dir, name, id, obj);
    if (obj)
        vfs_object_put(&obj->base);
}

static enum vfs_status try_place(struct search *search, const struct local_id *id,
                                 const struct local_place *place, unsigned depth, int *fd)
{
    struct local_object *dir;
    enum vfs_status status = find_directory(search, &place->parent, depth - 1, &dir);

    if (status != VFS_OK)
        return status;
    status = open_if(dir, place->name, id, fd);
    if (status == VFS_STALE) {
        place_gone(dir, place->name, id);
        status = search_directory(dir, id, place->ino, fd);
    }
    release_directory(dir);
    return status;
}

/* `depth` bounds the recursion, the budget bounds the work. */
static enum vfs_status find_fd(struct search *search, const struct local_id *id, unsigned depth,
                               int *fd)
{
    struct local_place *places;
    enum vfs_status status;
    size_t count;

    if (depth == 0 || search->budget == 0) {
        search->too_deep |= depth == 0;
        return VFS_STALE;
    }
    search->budget--;
    places = memory_alloc(MEMORY_calls, LOCAL_PLACES_MAX * sizeof(*places));
    if (!places)
        return VFS_DELAY;
    status = local_map_lookup(search->fs->map, id, places, &count);
    if (status == VFS_OK)
        status = VFS_STALE;
    else
        count = 0;
    for (size_t i = 0; i < count && status == VFS_STALE; i++)
        status = try_place(search, id, &places[i], depth, fd);
    memory_free(MEMORY_calls, places);
    return status;
}

static bool usable(struct local_fs *fs, const struct local_id *id)
{
    struct local_object *obj = local_cache_lookup(fs, id);
    bool has_path = obj && local_path_try(obj);

    if (has_path)
        local_path_put(obj);
    if (obj)
        vfs_object_put(&obj->base);
    return has_path;
}

/* The parent directory of `id` by the newest note.  VFS_STALE: there is none. */
static enum vfs_status find_above(struct search *search, const struct local_id *id,
                                  struct local_place *places, struct local_id *above)
{
    size_t count;
    enum vfs_status status = local_map_lookup(search->fs->map, id, places, &count);

    if (status == VFS_OK && count == 0)
        return VFS_STALE;
    if (status == VFS_OK)
        *above = places[0].parent;
    return status;
}

/* Directories, lowest first. */
struct way_up {
    struct local_id *ids;
    uint32_t count, room;
};

static bool way_up_grow(struct way_up *way)
{
    struct local_id *ids =
        local_array_grow(way->ids, way->count, sizeof(ids[0]), &way->room, SEARCH_DEPTH);

    if (ids)
        way->ids = ids;
    return ids != NULL;
}

/* List the directories above `id`, up to one that is available. */
static enum vfs_status list_above(struct search *search, const struct local_id *id,
                                  struct way_up *way)
{
    struct local_place *places = memory_alloc(MEMORY_calls, LOCAL_PLACES_MAX * sizeof(*places));
    enum vfs_status status = places ? VFS_OK : VFS_DELAY;
    bool found = false;

    while (status == VFS_OK && !found) {
        if (way->count == way->room && !way_up_grow(way)) {
            status = VFS_DELAY;
            break;
        }
        status = find_above(search, way->count ? &way->ids[way->count - 1] : id, places,
                            &way->ids[way->count]);
        if (status == VFS_OK)
            found = usable(search->fs, &way->ids[way->count++]);
        if (way->count == LIMIT_LOCAL_DEPTH && !found)
            status = VFS_STALE;
    }
    memory_free(MEMORY_calls, places);
    return status;
}

/* Go down from the top, so that each directory finds its parent available.  Sets *parent to the
 * parent of `id`, held, or to NULL. */
static enum vfs_status descend(struct search *search, const struct local_id *id,
                               struct local_object **parent)
{
    struct way_up way = {0};
    enum vfs_status status = list_above(search, id, &way);

    *parent = NULL;
    for (uint32_t i = way.count; status == VFS_OK && i-- > 0;) {
        struct local_object *next = NULL;

        status = find_directory(search, &way.ids[i], SEARCH_DEPTH, &next);
        release_directory(*parent);
        *parent = status == VFS_OK ? next : NULL;
    }
    memory_free(MEMORY_calls, way.ids);
    return status;
}

enum vfs_status local_search(struct local_fs *fs, const struct local_id *id, int *fd)
{
    struct search search = {.fs = fs, .budget = LIMIT_LOCAL_DEPTH * 2};
    enum vfs_status status = find_fd(&search, id, SEARCH_DEPTH, fd);
    struct local_object *parent;

    if (status != VFS_STALE || !search.too_deep)
        return status;
    status = descend(&search, id, &parent);
    if (status == VFS_OK)
        status = find_fd(&search, id, SEARCH_DEPTH, fd);
    release_directory(parent);
    return status;
}
