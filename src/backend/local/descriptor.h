/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The I/O descriptors that an object has: taken from it, moved, closed.  What opens them is io.h.
 */
#pragma once

#include "backend/local/local_internal.h"

/* Descriptors taken from an object, to be closed without a lock. */
struct local_closing {
    int fds[4];
    uint32_t count;
};

/* Open anew what `fd` is open on.  A descriptor, or -1 and errno. */
int local_descriptor_reopen(const struct local_fs *fs, int fd, int flags);

/* Move the I/O descriptors of a twin that lost the race into the table; not if the object has none
 * itself. */
void local_descriptor_adopt(struct local_object *obj, struct local_object *twin);

/* With obj->lock, or at the object's end: its I/O descriptors become `closing`'s, and with `path`
 * that one, too. */
void local_descriptor_take_locked(struct local_object *obj, bool path,
                                  struct local_closing *closing);
void local_descriptor_close(const struct local_closing *closing);

/* With obj->lock: close all but fds[access].  False: one of them is needed, or more than `users`
 * use any. */
bool local_descriptor_keep_only_locked(struct local_object *obj, int access, uint32_t users);

/* Close what has been idle; false: nothing left to watch. */
bool local_descriptor_sweep(struct local_object *obj, uint32_t epoch);
