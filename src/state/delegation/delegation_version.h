/* SPDX-License-Identifier: Apache-2.0 */
/* The version of a file, which a holder and the backend may see differently (RFC 8881 §10.4.3). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vfs/vfs_object.h"

/* Change attribute and size of a file. */
struct delegation_version {
    uint64_t change, size;
};

/* The backend's.  False: it cannot say. */
bool delegation_version_read(struct vfs_object *obj, struct delegation_version *out);

/* As if the holder had written to the file this moment: its times move and its change attribute
 * grows.  False: the backend cannot do that. */
bool delegation_version_touch(struct vfs_object *obj);
