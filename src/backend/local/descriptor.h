/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The I/O descriptors of an object: taken from it, moved, closed.  io.h opens them.
 */
#pragma once

#include "backend/local/local_internal.h"

/* Descriptors taken from an object, to be closed without locks. */
struct local_closing {
    int fds[4];
    uint32_t count;
};

/* Open the file behind `fd` anew.  Returns a descriptor, or -1 and errno. */
int local_descriptor_reopen(const struct local_fs *fs, int fd, int flags);

/* Move the I/O descriptors of a twin that lost the race for the table to `obj`, unless `obj` has no
 * descriptors left. */
void local_descriptor_adopt(struct local_object *obj, struct local_object *twin);

/* Move the I/O descriptors to `closing`; with `path`, the path descriptor, too.  With obj->lock
 * held, or when the object is being freed. */
void local_descriptor_take_locked(struct local_object *obj, bool path,
                                  struct local_closing *closing);
void local_descriptor_close(const struct local_closing *closing);

/* With obj->lock held: close all I/O descriptors but fds[access].  False if one of them is needed,
 * or more than `users` calls use any. */
bool local_descriptor_keep_only_locked(struct local_object *obj, int access, uint32_t users);

/* Close idle I/O descriptors.  False: none is left to watch. */
bool local_descriptor_sweep(struct local_object *obj, uint32_t epoch);
