/* SPDX-License-Identifier: Apache-2.0 */
/* Notes in the map where objects are.  Without a map these functions do nothing. */
#pragma once

#include "backend/local/local_internal.h"

/* Note that the object `id`, with inode number `ino`, is at `name` in `dir`.  False: there was no
 * room. */
bool local_note(struct local_object *dir, const char *name, const struct local_id *id,
                uint64_t ino);

/* The same for an object that was looked up.  If it is noted already, takes no lock. */
void local_note_child(struct local_object *dir, const char *name, struct local_object *obj);

/* Note that the object is no longer there.  `obj` is the object of that ID if it is known, or
 * NULL. */
void local_note_gone(struct local_object *dir, const char *name, const struct local_id *id,
                     struct local_object *obj);
