/* SPDX-License-Identifier: Apache-2.0 */
/* Notes in the map where objects are, so that they can be found again. */
#include "backend/local/note.h"

#include <string.h>

#include "backend/local/handle.h"
#include "backend/local/path.h"

static void place_of(struct local_object *dir, const char *name, uint64_t ino,
                     struct local_place *place)
{
    local_object_id(dir, &place->parent);
    place->ino = ino;
    (void)stpcpy(place->name, name);
}

bool local_note(struct local_object *dir, const char *name, const struct local_id *id, uint64_t ino)
{
    struct local_fs *fs = local_fs_of(&dir->base);
    struct local_place place;

    if (!fs->map)
        return true;
    place_of(dir, name, ino, &place);
    return local_map_note(fs->map, id, &place);
}

/* Each value is used once, so that a note in progress is not mistaken for a newer one. */
static void noted_nowhere(struct local_object *obj)
{
    uint64_t noted = atomic_load_explicit(&obj->noted, memory_order_relaxed);

    while (!atomic_compare_exchange_weak_explicit(&obj->noted, &noted, (noted | 1) + 1,
                                                  memory_order_relaxed, memory_order_relaxed))
        continue;
}

void local_note_gone(struct local_object *dir, const char *name, const struct local_id *id,
                     struct local_object *obj)
{
    struct local_fs *fs = local_fs_of(&dir->base);
    struct local_place place;

    if (!fs->map)
        return;
    place_of(dir, name, 0, &place);
    local_map_forget(fs->map, id, &place);
    if (obj)
        noted_nowhere(obj);
}

/* A local user may have moved the object here: without a descriptor it could not be found again. */
void local_note_child(struct local_object *dir, const char *name, struct local_object *obj)
{
    const struct local_fs *fs = local_fs_of(&dir->base);
    const struct vfs_handle *parent = &dir->base.handle;
    uint64_t here, noted;
    struct local_id id;

    if (!fs->map)
        return;
    here = hash_bytes(name, strlen(name), hash_bytes(parent->data, parent->len, fs->hash_seed)) | 1;
    noted = atomic_load_explicit(&obj->noted, memory_order_relaxed);
    if (noted == here && !local_path_gone(obj))
        return;
    local_object_id(obj, &id);
    if (local_note(dir, name, &id, obj->base.fileid))
        (void)atomic_compare_exchange_strong_explicit(&obj->noted, &noted, here,
                                                      memory_order_relaxed, memory_order_relaxed);
}
