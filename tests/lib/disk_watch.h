/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server under test asks of its disk: each sync, and the steps of an exclusive create, is
 * noted with the path that it concerns, and can be held up or made to fail.  It is a library
 * (disk_watch_library.c) that is loaded into the server before all others; DISK_WATCH_LIBRARY says
 * where it is.  Both sides share this memory.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define DISK_WATCH_NOTES 4096u
#define DISK_WATCH_PATH_BYTES 128u

enum disk_call {
    DISK_FSYNC = 1,
    DISK_FDATASYNC,
    DISK_SYNCFS,
    DISK_STAMP, /* futimens */
    DISK_NAME,  /* linkat */
};

struct disk_note {
    _Atomic bool whole; /* the rest of the note is written */
    enum disk_call call;
    char path[DISK_WATCH_PATH_BYTES]; /* below the directory watched; "" is that itself */
};

struct disk_watch {
    char root[DISK_WATCH_PATH_BYTES]; /* only what is here or below is looked at */
    uint32_t fs_type;                 /* what fstatfs says; 0: the truth */
    _Atomic bool hold;                /* each call waits until it is let through */
    _Atomic uint32_t passes;          /* that many are let through */
    _Atomic uint32_t held;            /* wait now */
    _Atomic uint32_t failures;        /* as many calls of that kind and path fail with EIO */
    enum disk_call fail_call;
    char fail_path[DISK_WATCH_PATH_BYTES]; /* "*": any */
    _Atomic uint32_t count;
    struct disk_note notes[DISK_WATCH_NOTES]; /* in the order in which the calls began */
};

/* Before the server starts: servers that are started from now on are watched as to the directory
 * `root`.  `dir` is for the memory's file. */
struct disk_watch *disk_watch_install(const char *dir, const char *root, uint32_t fs_type);

/* From now on nothing is held or fails, and the notes begin anew. */
void disk_watch_reset(struct disk_watch *watch);

/* The last call that began. */
const struct disk_note *disk_watch_last(const struct disk_watch *watch);

/* How many calls of that kind there were; of that path if it is not NULL. */
uint32_t disk_watch_count(const struct disk_watch *watch, enum disk_call call, const char *path);

/* Let the next `count` calls of that kind fail, those of `path` if it is not NULL. */
void disk_watch_fail(struct disk_watch *watch, enum disk_call call, const char *path,
                     uint32_t count);
