/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What users are shown of opens, byte-range locks and delegations: copies, one at a time, in walks
 * that may pause (open_view.h, lock_view.h, delegation_view.h).  A walk holds no lock but that of
 * one file, for one copy; stateid_next() says what it meets.
 */
#pragma once

#include <stdint.h>

#include "state/file/owner.h"
#include "state/file/stateid.h"
#include "vfs/vfs_object.h"

struct file;

/* Which of them are visited. */
struct state_filter {
    uint64_t clientid;       /* 0: of all clients */
    const struct file *file; /* NULL: of all files; else the caller has a reference */
    const struct vfs *fs;    /* NULL: of all file systems; else that by which the client knows it */
};

static inline bool state_filter_takes(const struct state_filter *filter, const struct file *file,
                                      const struct vfs_object *obj)
{
    return (!filter->file || filter->file == file) && (!filter->fs || filter->fs == obj->fs);
}

/* Where a walk is: the place of a state, and in a lock state the first byte to be looked at.
 * Zeroed: at the beginning. */
struct state_cursor {
    uint32_t at;
    uint64_t start; /* of locks only */
};

/* What they have in common. */
struct state_view {
    uint8_t other[NFS4_OTHER_SIZE]; /* of the stateid */
    uint64_t clientid;
    struct vfs_object *obj; /* the file as the client knows it; a reference, to be put unlocked */
};

struct owner_view {
    uint32_t len;
    uint8_t name[NFS4_OPAQUE_LIMIT];
};

/* For a caller that has a reference on the state. */
void state_view_fill(struct state_view *view, const struct stateid *sid, struct vfs_object *obj);
void owner_view_fill(struct owner_view *view, const struct owner *owner);
