/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches the server's disk calls. Calls below a directory can be held until the test lets them
 * pass, or be delayed. Each sync, and each step of an exclusive create, is also noted with its
 * path, and can be made to fail. A library (disk_watch_library.c), preloaded into the server, does
 * this; it shares this memory with the test.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define DISK_WATCH_NOTES 4096u
#define DISK_WATCH_PATH_BYTES 128u
#define DISK_WATCH_ROOT_BYTES 256u

enum disk_call {
    /* Noted calls. */
    DISK_FSYNC = 1, /* 0 is none */
    DISK_FDATASYNC,
    DISK_SYNCFS,
    DISK_STAMP, /* futimens */
    DISK_NAME,  /* linkat */
    /* Calls that are not noted. */
    DISK_WRITE,      /* pwrite */
    DISK_TRUNCATE,   /* ftruncate */
    DISK_RENAME,     /* renameat, by the directory that the entry leaves */
    DISK_MKDIR,      /* mkdirat */
    DISK_ATTRIBUTES, /* statx, faccessat */
    DISK_FREE,       /* close of a file that has no name any more */
    DISK_COPY,       /* copy_file_range, by the file that is written */
};

#define DISK_BIT(call) (1u << (call))

enum {
    DISK_SYNCS = DISK_BIT(DISK_FSYNC) | DISK_BIT(DISK_FDATASYNC) | DISK_BIT(DISK_SYNCFS) |
                 DISK_BIT(DISK_STAMP) | DISK_BIT(DISK_NAME), /* the noted calls */
    DISK_CHANGES = DISK_BIT(DISK_WRITE) | DISK_BIT(DISK_TRUNCATE) | DISK_BIT(DISK_RENAME),
};

struct disk_note {
    _Atomic bool whole; /* the rest of the note has been written */
    enum disk_call call;
    char path[DISK_WATCH_PATH_BYTES]; /* below the watched directory; "" is that directory */
};

/* storm_test.py relies on the layout of its beginning. */
struct disk_watch {
    char root[DISK_WATCH_ROOT_BYTES]; /* only this directory and what is below it is watched */
    uint32_t fs_type;                 /* what fstatfs reports; 0: the real type */
    _Atomic uint32_t slow;            /* bits of the calls that are held or delayed */
    _Atomic int32_t delay_ms;         /* the delay; -1: until the test lets them pass */
    _Atomic uint32_t held;            /* calls that are held now */
    _Atomic uint32_t passes;          /* calls that may pass */
    _Atomic uint32_t failures;        /* as many calls of that kind and path fail with EIO */
    enum disk_call fail_call;
    char fail_path[DISK_WATCH_PATH_BYTES]; /* "*": any */
    _Atomic bool sparing;
    char spared[DISK_WATCH_PATH_BYTES]; /* then files of this name are not held */
    _Atomic uint32_t count;
    struct disk_note notes[DISK_WATCH_NOTES]; /* in the order in which the calls began */
};

/* Call before the server starts: servers started from now on are watched below the directory
 * `root`. The file of the shared memory is made in `dir`. */
struct disk_watch *disk_watch_install(const char *dir, const char *root, uint32_t fs_type);

/* From now on hold calls of these kinds (bits) until they are let pass; or delay each for that
 * long. */
void disk_watch_hold(struct disk_watch *watch, uint32_t calls);
void disk_watch_delay(struct disk_watch *watch, uint32_t calls, int32_t delay_ms);

/* Let calls of files of that name pass, in whatever directory; once until disk_watch_reset(). */
void disk_watch_spare(struct disk_watch *watch, const char *name);

/* Let all held calls pass, and hold no more. */
void disk_watch_let_go(struct disk_watch *watch);

/* Is a call held? */
bool disk_watch_is_met(const struct disk_watch *watch);

/* Stop holding and failing calls, and clear the notes. */
void disk_watch_reset(struct disk_watch *watch);

/* The same once the server has died: the calls that it had are not held any more. */
void disk_watch_bury(struct disk_watch *watch);

/* The last noted call. */
const struct disk_note *disk_watch_last(const struct disk_watch *watch);

/* How many calls of that kind were noted; of that path if it is not NULL. */
uint32_t disk_watch_count(const struct disk_watch *watch, enum disk_call call, const char *path);

/* Make the next `count` calls of that kind fail, only those of `path` if it is not NULL. */
void disk_watch_fail(struct disk_watch *watch, enum disk_call call, const char *path,
                     uint32_t count);
