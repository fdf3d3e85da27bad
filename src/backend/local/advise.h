/* SPDX-License-Identifier: Apache-2.0 */
/* Hints of clients to the page cache. */
#pragma once

#include "backend/local/local_internal.h"

enum vfs_status local_advise(struct vfs_object *base, uint64_t offset, uint64_t length,
                             uint32_t advice, uint32_t *taken);
