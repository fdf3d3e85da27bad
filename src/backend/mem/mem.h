/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file system in memory: complete, fast, gone with the process.  For tests, demos, benchmarks.
 *
 * All of vfs/vfs.h, with these choices: sparse files of 4 KiB blocks; atime moves as relatime
 * has it (the first READ or READDIR after a change, never the change attribute); every write is as
 * stable as memory gets, so it answers VFS_FILE_SYNC; a write clears suid, and sgid of an
 * executable, whoever writes.
 */
#pragma once

#include "vfs/vfs.h"

struct mem_options {
    /* Bytes of data, names and objects together; 0: half of the machine's memory.  VFS_NOSPC
     * beyond, and beyond memory_store_set(). */
    uint64_t bytes_max;
    uint32_t link_max; /* names of one object, entries `..` of a directory; 0: 1,000,000 */
    /* The root directory; mode 0 means 0755. */
    uint32_t root_uid, root_gid, root_mode;
};

/* The largest file, an offset that every client can count to. */
#define MEM_FILE_SIZE_MAX ((uint64_t)INT64_MAX)

/* NULL options: all defaults.  Never NULL; ends by ops->destroy(). */
struct vfs *mem_create(const struct mem_options *options);
