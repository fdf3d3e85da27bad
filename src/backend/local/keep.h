/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers from what is kept (kept.h), for exports of which the administrator vouches that only this
 * server changes them, or where the kernel tells what others change (vfs.sole_changer, witness.h).
 * Only for file systems of which we know that an inode
 * number is one file's at a time, and that nothing but our calls changes attributes: all exports of
 * the volume report their changes here, whether they keep anything themselves or not.
 *
 * Two things change without a call.  Space is taken when a file's data are written to the disk, so
 * what is kept of a file that was changed lately is good for a second only.  And a read sets the
 * time of access if the mount has it so: then it counts as a change.
 *
 * Thread safe.
 */
#pragma once

#include "backend/local/local_internal.h"

/* Where to keep things; NULL: this export asks the file system each time. */
struct local_kept *local_keep_of(struct local_fs *fs);

/* What an answer to a request that is there already may come from: whatever others changed before
 * is void.  NULL: as above, or their changes can't be told. */
struct local_kept *local_keep_current(struct local_fs *fs);

/* Once a second: so that changes do not pile up. */
void local_keep_sweep(struct local_fs *fs);

/* The export ends. */
void local_keep_end(struct local_fs *fs);

/* Find out what the file system of the root can do. */
void local_keep_prepare(struct local_fs *fs);

/* The attributes of an object, if they are kept. */
bool local_keep_getattr(struct local_object *obj, struct vfs_attr *attr);

/* A statx() is about to be made of an inode, at this place or by a descriptor (0), to be kept. */
struct local_kept_look local_keep_look(struct local_fs *fs, uint64_t ino, uint64_t place);

/* Keep what it said, if this export keeps anything. */
void local_keep(struct local_fs *fs, struct local_kept_look *look, const struct statx *st,
                const struct local_id *id);

/* The place of a name in a directory, as this export's mount shows it. */
uint64_t local_keep_place(const struct local_object *dir, const char *name);

/* Enclose whatever may change the attributes or the names of an object; of an inode. */
void local_changing_begin(struct local_object *obj);
void local_changing_end(struct local_object *obj);
void local_changing_begin_ino(const struct local_fs *fs, uint64_t ino);
void local_changing_end_ino(const struct local_fs *fs, uint64_t ino);

/* After a read of its data or names. */
void local_keep_read(struct local_object *obj);

/* Would a read leave the attributes of the object as they are?  May ask the file system, with the
 * path held. */
bool local_keep_is_quiet(struct local_object *obj);
