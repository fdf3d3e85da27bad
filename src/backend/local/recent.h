/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes that the calling thread met for one request, for others that had been received by
 * then (vfs_memo.h): a batch of requests from one client often asks for the same file, or works in
 * the same directory.  A change by this server makes them void, as with all that is kept
 * (version.h), except for the change attribute before that change; so does a delegation that is
 * granted (vfs_memo_expire()).  Nothing is remembered where a change could not say which inode it
 * is of (local_known_ino()).
 */
#pragma once

#include <sys/stat.h>

#include "backend/local/local_internal.h"

/* As of which changes the attributes are. */
struct local_recent_look {
    uint64_t version, era;
};

/* To be read before the statx(). */
struct local_recent_look local_recent_look(const struct local_object *obj);

/* Remember what a statx() of the object said. */
void local_recent_keep(const struct local_object *obj, const struct local_recent_look *look,
                       const struct statx *st);

/* The same during a change of the object, by the caller, that has happened already: good once this
 * change has ended, if there is no other one meanwhile. */
void local_recent_keep_changed(const struct local_object *obj, const struct local_recent_look *look,
                               const struct statx *st);

/* The same of an fstat(), for its size alone. */
void local_recent_keep_size(const struct local_object *obj, const struct local_recent_look *look,
                            const struct stat *st);

/* Forget it, since something newer has been seen. */
void local_recent_drop(const struct local_object *obj);

/* What is remembered of the object, and good for the current request, which uses it; NULL:
 * nothing. */
const struct statx *local_recent_of(const struct local_object *obj);

/* The same, as a backend tells it.  False: nothing. */
bool local_recent_getattr(const struct local_object *obj, struct vfs_attr *attr);

/* The size of a file, likewise.  0: nothing is remembered, or the file is empty. */
uint64_t local_recent_size(const struct local_object *obj);

/* Its change attribute, within a change by the caller that has begun, before it happens.  False:
 * nothing is remembered, or there has been another change. */
bool local_recent_change(const struct local_object *obj, uint64_t *change);
