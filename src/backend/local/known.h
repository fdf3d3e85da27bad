/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known IDs: inode number and birth time -> ID, so that a statx() that is made anyway tells which
 * object it found, and the kernel need not be asked for its handle.
 *
 * An inode number is used again as soon as its file is removed, with another birth time.  Two files
 * can have both in common only if the second one was made within a tick of the first one, or after
 * the clock had been set back.  So an ID is kept only if it was read a while after the birth of its
 * object, and all are dropped when the clock has been set back.  This is for file systems of which
 * we know three things: that they have birth times, that nobody can set these, and where the inode
 * number is in a handle (tmpfs, ext4, XFS, btrfs).
 *
 * An ID must be read after the statx() whose result it is kept under.  If the name has come to
 * stand for another inode between the two, then the number in the handle differs.  If it has come
 * to stand for another file with the same inode, then no statx() finds the first one ever again.
 *
 * Thread safe; takes locks that are leaves.  Memory is LIMIT_LOCAL_KNOWN_IDS at most, and taken as
 * needed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "backend/local/map.h"
#include "base/clock.h"

struct local_known;

/* For a file system of this magic number whose IDs are the kernel's handles.  NULL: its IDs can't
 * be remembered, or there is no memory. */
struct local_known *local_known_create(int64_t magic);
void local_known_destroy(struct local_known *known); /* NULL is allowed */

/* The inode number in an ID of a file system of this magic number; 0: it is not known where. */
uint64_t local_known_ino(int64_t magic, const struct local_id *id);

/* A look at the clock between a statx() and the reading of an ID. */
struct local_known_look {
    uint32_t era; /* of the clock */
    bool old;     /* no object that is made from now on can be mistaken for this one */
};

/* The ID of the object that a statx() has just found.  Otherwise false, and *look for
 * local_known_keep().  `known` may be NULL: false. */
bool local_known_find(struct local_known *known, const struct statx *st,
                      struct local_known_look *look, struct local_id *id);

/* Keep the ID, which was read after that.  False, and nothing is kept: they may belong to two
 * objects, or another object may have the same inode number and birth time some day. */
bool local_known_keep(struct local_known *known, const struct statx *st,
                      const struct local_known_look *look, const struct local_id *id);

/* The IDs of this inode have turned out to be stale. */
void local_known_forget(struct local_known *known, uint64_t ino);

/* Release all memory: it is needed for something else. */
void local_known_drop(struct local_known *known);

/* For tests: local_known_find() at another time. */
bool local_known_find_at(struct local_known *known, const struct statx *st,
                         const struct clock_wall *clock, struct local_known_look *look,
                         struct local_id *id);
