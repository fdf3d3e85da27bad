/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file system that is slow, or hangs: mkdirat() below a directory takes its time, and, if wanted,
 * whatever asks for attributes, or frees space.  It says that it is FUSE, where that can happen.  The library
 * (slow_disk_library.c, SLOW_DISK_LIBRARY says where it is) is loaded into the server before all
 * others; both sides share this memory.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SLOW_DISK_PATH_BYTES 256u

struct slow_disk {
    char root[SLOW_DISK_PATH_BYTES]; /* what is below it is slow */
    _Atomic int32_t delay_ms;        /* -1: for ever */
    _Atomic uint32_t waiting;        /* calls, now */
    _Atomic uint32_t most;           /* at a time */
    _Atomic bool attributes;         /* statx() and faccessat() are slow, too */
    _Atomic bool closes;             /* so is close() of a file that has been removed */
};

/* Before the server starts: it is slow below `root`.  `dir` is for the memory's file. */
struct slow_disk *slow_disk_install(const char *dir, const char *root);
