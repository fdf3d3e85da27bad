/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file system in memory: complete, fast, gone with the process.  For tests, demos and benchmarks.
 *
 * It implements all of vfs/vfs.h, with these choices: sparse files of 4 KiB blocks.  atime is
 * updated like relatime, by the first READ or READDIR after a change, and never changes the change
 * attribute.  Each write is as stable as it can be, so it returns VFS_FILE_SYNC.  Each write clears
 * suid, and sgid of an executable file, whoever the writer is.
 */
#pragma once

#include "vfs/vfs.h"

struct mem_options {
    /* Bytes of data, names and objects together; 0: half of the machine's memory.  VFS_NOSPC above
     * this, and above memory_store_set(). */
    uint64_t bytes_max;
    /* Most names of an object, or subdirectories of a directory; 0: LIMIT_MEM_LINKS names, and
     * 1,000,000 subdirectories. */
    uint32_t link_max;
    /* The root directory; mode 0 means 0755. */
    uint32_t root_uid, root_gid, root_mode;
};

/* The largest file size; all clients can represent this offset. */
#define MEM_FILE_SIZE_MAX ((uint64_t)INT64_MAX)

/* NULL options: all defaults.  Never NULL.  To be freed with ops->destroy(). */
struct vfs *mem_create(const struct mem_options *options);
