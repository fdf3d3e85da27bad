/* SPDX-License-Identifier: Apache-2.0 */
/* One step in the name space from the current filehandle, shared by LOOKUP(P) and
 * SECINFO(_NO_NAME). */
#pragma once

#include "proto/compound.h"

enum name_step_aim {
    NAME_STEP_INTO, /* to use what is there: WRONGSEC if the caller may not */
    NAME_STEP_ASK, /* to say how it must be secured.  A caller who may not use an export gets to its
                     * border, or stays where it is, and learns nothing of what is there. */
};

/* The object behind a name, with a reference, and the export it belongs to. */
enum nfsstat4 name_step_down(struct compound *c, enum name_step_aim aim,
                             const struct wire_opaque *component, struct vfs_object **obj,
                             struct export **export);

/* The directory above, with a reference; NOENT at the top of the name space. */
enum nfsstat4 name_step_up(struct compound *c, enum name_step_aim aim, struct vfs_object **obj,
                           struct export **export);
