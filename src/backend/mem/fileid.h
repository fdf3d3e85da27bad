/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers for new objects, each given out once.  A thread takes FILEID_BATCH of them at a time, so
 * that those which create files at the same time do not all write one cache line.  Thread safe,
 * without locks.
 */
#pragma once

#include "backend/mem/mem_internal.h"

enum {
    FILEID_BATCH = 64
};

/* Before the first object, which gets MEM_ROOT_FILEID. */
void mem_fileid_init(struct mem_fs *fs);

uint64_t mem_fileid_take(struct mem_fs *fs);
