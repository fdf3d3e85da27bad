/* SPDX-License-Identifier: Apache-2.0 */
/* READs that are answered from the blocks themselves. */
#pragma once

#include "backend/mem/mem_internal.h"

/* Lend these bytes, which are all in the file, which is locked for reading.  NULL: without memory,
 * or it is not worth it. */
struct vfs_lent *mem_lend(const struct mem_object *obj, uint64_t offset, uint32_t len);
