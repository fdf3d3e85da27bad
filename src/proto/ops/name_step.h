/* SPDX-License-Identifier: Apache-2.0 */
/* One step in the name space from the current filehandle, shared by LOOKUP(P) and
 * SECINFO(_NO_NAME). */
#pragma once

#include "proto/compound.h"

/* The object behind a name, with a reference, and the export it belongs to. */
enum nfsstat4 name_step_down(struct compound *c, const struct wire_opaque *component,
                             struct vfs_object **obj, struct export **export);

/* The directory above, with a reference; NOENT at the top of the name space. */
enum nfsstat4 name_step_up(struct compound *c, struct vfs_object **obj, struct export **export);
