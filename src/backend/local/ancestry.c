/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a directory within the export?  A walk up to the root tells, and remembers the parent of each
 * directory on its way.  A later walk ends at the first directory whose parent has not changed and
 * was remembered in the last few seconds, so a step up costs the same at any depth.
 *
 * Stopping early assumes that nothing above has moved since.  After a tree was moved out of the
 * export, clients can still move around in it for these seconds, but they cannot leave it: the way
 * out is a parent that has changed.
 */
#include "backend/local/ancestry.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/local/array.h"
#include "backend/local/identify.h"
#include "backend/local/status.h"
#include "base/memory.h"

enum {
    CHAIN_FIRST = 64 /* steps that need no second allocation */
};

struct relation {
    struct local_id id, parent;
    uint32_t epoch;
};

struct local_ancestry {
    pthread_mutex_t lock; /* a leaf */
    struct relation known[LIMIT_LOCAL_ANCESTRY];
};

/* The directories of one walk, lowest first. */
struct chain {
    struct relation *steps;
    uint32_t count, room;
};

struct local_ancestry *local_ancestry_create(void)
{
    struct local_ancestry *ancestry = must_calloc(1, sizeof(*ancestry));

    CHECK(pthread_mutex_init(&ancestry->lock, NULL) == 0);
    return ancestry;
}

void local_ancestry_destroy(struct local_ancestry *ancestry)
{
    if (!ancestry)
        return;
    CHECK(pthread_mutex_destroy(&ancestry->lock) == 0);
    free(ancestry);
}

static struct relation *place_of(const struct local_fs *fs, const struct local_id *id)
{
    uint64_t hash = hash_bytes(id->data, id->len, fs->hash_seed);

    return &fs->ancestry->known[hash % LIMIT_LOCAL_ANCESTRY];
}

bool local_ancestry_due(const struct local_fs *fs, uint32_t epoch)
{
    return atomic_load_explicit(&fs->epoch, memory_order_relaxed) - epoch >= LOCAL_INSIDE_EPOCHS;
}

/* Was `parent` recently seen above `id`, with both in the export? */
static bool recall(const struct local_fs *fs, const struct local_id *id,
                   const struct local_id *parent, uint32_t *epoch)
{
    const struct relation *known = place_of(fs, id);
    bool found;

    pthread_mutex_lock(&fs->ancestry->lock);
    found = known->id.len && local_id_equal(&known->id, id) &&
            local_id_equal(&known->parent, parent) && !local_ancestry_due(fs, known->epoch);
    if (found)
        *epoch = known->epoch;
    pthread_mutex_unlock(&fs->ancestry->lock);
    return found;
}

static void remember(const struct local_fs *fs, const struct relation *relation, uint32_t epoch)
{
    struct relation *known = place_of(fs, &relation->id);

    pthread_mutex_lock(&fs->ancestry->lock);
    *known = *relation;
    known->epoch = epoch;
    pthread_mutex_unlock(&fs->ancestry->lock);
}

static bool chain_grow(struct chain *chain)
{
    struct relation *steps =
        local_array_grow(chain->steps, chain->count, sizeof(steps[0]), &chain->room, CHAIN_FIRST);

    if (steps)
        chain->steps = steps;
    return steps != NULL;
}

/* A step that can't be remembered, or for which there is no memory, is dropped; a later walk
 * repeats it. */
static void chain_add(struct chain *chain, const struct local_id *id, const struct local_id *parent)
{
    if (chain->count == LIMIT_LOCAL_ANCESTRY)
        return;
    if (chain->count == chain->room && !chain_grow(chain))
        return;
    chain->steps[chain->count++] = (struct relation){.id = *id, .parent = *parent};
}

/* Step up from `*at`, which is closed unless it is `fd`.  Sets the ID of the parent.  Returns EXDEV
 * if that is on another mount. */
static int step_up(const struct local_fs *fs, int fd, int *at, struct local_id *id)
{
    int up = openat(*at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int err = up < 0 ? errno : 0;

    if (*at != fd)
        close(*at);
    *at = up;
    return err ? err : local_identify(fs, up, "", id);
}

/* The top of a mount is its own parent, or leads to another mount. */
static enum vfs_status climb(const struct local_fs *fs, int fd, const struct local_id *id,
                             struct chain *chain, uint32_t *epoch)
{
    struct local_id here = *id, above;
    enum vfs_status status = VFS_NOENT;
    int at = fd;

    for (uint32_t depth = 0; depth < LIMIT_LOCAL_DEPTH; depth++) {
        int err;

        if (local_id_equal(&here, &fs->root_id)) {
            *epoch = atomic_load_explicit(&fs->epoch, memory_order_relaxed);
            status = VFS_OK;
            break;
        }
        err = step_up(fs, fd, &at, &above);
        if (err || local_id_equal(&here, &above)) {
            status = err && err != EXDEV ? local_failure(err) : VFS_NOENT;
            break;
        }
        if (recall(fs, &here, &above, epoch)) {
            status = VFS_OK;
            break;
        }
        chain_add(chain, &here, &above);
        here = above;
    }
    if (at >= 0 && at != fd)
        close(at);
    return status;
}

enum vfs_status local_ancestry_check(const struct local_fs *fs, int fd, const struct local_id *id,
                                     uint32_t *epoch)
{
    struct chain chain = {0};
    enum vfs_status status = climb(fs, fd, id, &chain, epoch);

    for (uint32_t i = chain.count; status == VFS_OK && i-- > 0;)
        remember(fs, &chain.steps[i], *epoch);
    memory_free(MEMORY_calls, chain.steps);
    return status;
}

enum vfs_status local_ancestry_check_parent(const struct local_fs *fs, const struct local_id *id,
                                            int fd, const struct local_id *parent, uint32_t *epoch)
{
    const struct relation relation = {.id = *id, .parent = *parent};
    enum vfs_status status;

    if (recall(fs, id, parent, epoch))
        return VFS_OK;
    status = local_ancestry_check(fs, fd, parent, epoch);
    if (status == VFS_OK)
        remember(fs, &relation, *epoch);
    return status;
}
