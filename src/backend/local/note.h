/* SPDX-License-Identifier: Apache-2.0 */
/* Notes in the map of where objects stand; without a map they do nothing. */
#pragma once

#include "backend/local/local_internal.h"

/* The object `id`, whose inode number is `ino`, stands at `name` in `dir`.  False: there was no
 * room for the note. */
bool local_note(struct local_object *dir, const char *name, const struct local_id *id,
                uint64_t ino);

/* The same of an object that was looked up: what is noted already costs no lock. */
void local_note_child(struct local_object *dir, const char *name, struct local_object *obj);

/* It no longer does.  `obj` is the object of that id, if it is known, or NULL. */
void local_note_gone(struct local_object *dir, const char *name, const struct local_id *id,
                     struct local_object *obj);
