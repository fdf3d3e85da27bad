/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Few objects per thread: batches are short.  As in memo.c the object is compared, never used, and
 * the change attribute is made with the note.  The memory of an object may have become that of
 * another one meanwhile, so its hash is compared as well: that of its ID, with a seed of its
 * export.
 */
#include "backend/local/recent.h"

#include "backend/local/change.h"
#include "backend/local/known.h"
#include "backend/local/statx.h"
#include "backend/local/version.h"
#include "backend/local/volume.h"

enum {
    NOTES = 8
};

struct note {
    const struct local_object *obj; /* NULL: unused */
    uint64_t hash, change;
    int64_t met_ns; /* a request that had been received then has met it */
    struct local_recent_look look;
    bool whole; /* else only the size in `st` is set */
    struct statx st;
};

static _Thread_local struct note notes[NOTES];

static struct note *note_of(const struct local_object *obj)
{
    return &notes[hash_u64((uintptr_t)obj) % NOTES];
}

static struct local_versions *versions_of(const struct local_object *obj)
{
    return &local_fs_of(&obj->base)->volume->versions;
}

struct local_recent_look local_recent_look(const struct local_object *obj)
{
    return (struct local_recent_look){
        .version = local_version_read(versions_of(obj), obj->base.fileid),
        .era = vfs_memo_mark().era,
    };
}

/* A new note, without attributes; NULL: nothing is to be remembered of this inode. */
static struct note *begin(const struct local_object *obj, const struct local_recent_look *look,
                          uint64_t ino, uint64_t nlink)
{
    struct note *note = note_of(obj);

    note->obj = NULL;
    if (vfs_memo_turn.received_ns == 0 || nlink == 0 ||
        local_known_ino(local_fs_of(&obj->base)->magic, &obj->file->id) != ino)
        return NULL;
    note->obj = obj;
    note->hash = obj->node.hash;
    note->met_ns = vfs_memo_turn.received_ns;
    note->look = *look;
    note->whole = false;
    return note;
}

void local_recent_keep(const struct local_object *obj, const struct local_recent_look *look,
                       const struct statx *st)
{
    struct note *note = begin(obj, look, st->stx_ino, st->stx_nlink);

    if (!note)
        return;
    note->st = *st;
    note->change = local_change(local_fs_of(&obj->base), obj->file, local_ctime(st));
    note->whole = true;
}

void local_recent_keep_changed(const struct local_object *obj, const struct local_recent_look *look,
                               const struct statx *st)
{
    const struct local_recent_look ended = {
        .version = look->version + LOCAL_VERSION_ENDED - 1,
        .era = look->era,
    };

    local_recent_keep(obj, &ended, st); /* if others run, the version is one that never comes */
}

void local_recent_keep_size(const struct local_object *obj, const struct local_recent_look *look,
                            const struct stat *st)
{
    struct note *note = begin(obj, look, st->st_ino, st->st_nlink);

    if (note)
        note->st.stx_size = (uint64_t)st->st_size;
}

void local_recent_drop(const struct local_object *obj)
{
    struct note *note = note_of(obj);

    if (note->obj == obj)
        note->obj = NULL;
}

/* Whether this server has changed the object since is for the caller to check. */
static bool is_recent(const struct note *note, const struct local_object *obj)
{
    return note->obj == obj && note->hash == obj->node.hash &&
           vfs_memo_is_recent(obj, note->met_ns) && note->look.era == vfs_memo_mark().era;
}

static bool is_good(const struct note *note, const struct local_object *obj)
{
    return is_recent(note, obj) &&
           local_version_is_good(versions_of(obj), obj->base.fileid, note->look.version);
}

const struct statx *local_recent_of(const struct local_object *obj)
{
    const struct note *note = note_of(obj);

    if (!note->whole || !is_good(note, obj))
        return NULL;
    vfs_memo_use(obj);
    return &note->st;
}

uint64_t local_recent_size(const struct local_object *obj)
{
    const struct note *note = note_of(obj);

    if (!is_good(note, obj))
        return 0;
    vfs_memo_use(obj);
    return note->st.stx_size;
}

bool local_recent_getattr(const struct local_object *obj, struct vfs_attr *attr)
{
    const struct note *note = note_of(obj);

    if (!note->whole || !is_good(note, obj))
        return false;
    vfs_memo_use(obj);
    local_attr_fill(attr, &note->st);
    attr->change = note->change;
    return true;
}

/* No change but its own ran when the note was made, and none but the caller's has begun since. */
bool local_recent_change(const struct local_object *obj, uint64_t *change)
{
    const struct note *note = note_of(obj);
    const uint64_t version = local_version_read(versions_of(obj), obj->base.fileid);

    if (!note->whole || !is_recent(note, obj) || (version & LOCAL_VERSION_RUNNING) != 1 ||
        note->look.version != version - 1)
        return false;
    vfs_memo_use(obj);
    *change = note->change;
    return true;
}
