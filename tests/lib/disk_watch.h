/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server under test asks of its disk.  Calls below a directory can be held until they are
 * let through, or made slow.  Each sync, and each step of an exclusive create, is also noted with
 * the path that it concerns, and can be made to fail.  This is done by a library
 * (disk_watch_library.c) that is loaded into the server before all others; both sides share this
 * memory.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define DISK_WATCH_NOTES 4096u
#define DISK_WATCH_PATH_BYTES 128u
#define DISK_WATCH_ROOT_BYTES 256u

enum disk_call {
    /* Noted. */
    DISK_FSYNC = 1, /* 0 is none */
    DISK_FDATASYNC,
    DISK_SYNCFS,
    DISK_STAMP, /* futimens */
    DISK_NAME,  /* linkat */
    /* Not noted. */
    DISK_WRITE,      /* pwrite */
    DISK_TRUNCATE,   /* ftruncate */
    DISK_RENAME,     /* renameat, by the directory that the entry leaves */
    DISK_MKDIR,      /* mkdirat */
    DISK_ATTRIBUTES, /* statx, faccessat */
    DISK_FREE,       /* close of a file that has no name any more */
};

#define DISK_BIT(call) (1u << (call))

enum {
    DISK_SYNCS = DISK_BIT(DISK_FSYNC) | DISK_BIT(DISK_FDATASYNC) | DISK_BIT(DISK_SYNCFS) |
                 DISK_BIT(DISK_STAMP) | DISK_BIT(DISK_NAME), /* what is noted */
    DISK_CHANGES = DISK_BIT(DISK_WRITE) | DISK_BIT(DISK_TRUNCATE) | DISK_BIT(DISK_RENAME),
};

struct disk_note {
    _Atomic bool whole; /* the rest of the note is written */
    enum disk_call call;
    char path[DISK_WATCH_PATH_BYTES]; /* below the directory watched; "" is that itself */
};

/* storm_test.py knows how it begins. */
struct disk_watch {
    char root[DISK_WATCH_ROOT_BYTES]; /* only what is here or below is looked at */
    uint32_t fs_type;                 /* what fstatfs says; 0: the truth */
    _Atomic uint32_t slow;            /* bits of the calls that wait */
    _Atomic int32_t delay_ms;         /* for so long; -1: until they are let through */
    _Atomic uint32_t held;            /* wait now */
    _Atomic uint32_t passes;          /* that many are let through */
    _Atomic uint32_t failures;        /* as many calls of that kind and path fail with EIO */
    enum disk_call fail_call;
    char fail_path[DISK_WATCH_PATH_BYTES]; /* "*": any */
    _Atomic uint32_t count;
    struct disk_note notes[DISK_WATCH_NOTES]; /* in the order in which the calls began */
};

/* Before the server starts: servers that are started from now on are watched as to the directory
 * `root`.  `dir` is for the memory's file. */
struct disk_watch *disk_watch_install(const char *dir, const char *root, uint32_t fs_type);

/* From now on calls of these kinds (bits) wait: until they are let through; for that long. */
void disk_watch_hold(struct disk_watch *watch, uint32_t calls);
void disk_watch_delay(struct disk_watch *watch, uint32_t calls, int32_t delay_ms);

/* No call waits any more. */
void disk_watch_let_go(struct disk_watch *watch);

/* Does a call wait? */
bool disk_watch_is_met(const struct disk_watch *watch);

/* From now on nothing waits or fails, and the notes begin anew. */
void disk_watch_reset(struct disk_watch *watch);

/* The last call that was noted. */
const struct disk_note *disk_watch_last(const struct disk_watch *watch);

/* How many calls of that kind were noted; of that path if it is not NULL. */
uint32_t disk_watch_count(const struct disk_watch *watch, enum disk_call call, const char *path);

/* Let the next `count` calls of that kind fail, those of `path` if it is not NULL. */
void disk_watch_fail(struct disk_watch *watch, enum disk_call call, const char *path,
                     uint32_t count);
