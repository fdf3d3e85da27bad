/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be measured.  An operation has one or more stages, each a compound.  The request of a
 * stage is built once for each slot and then only patched.  Its reply may provide values for later
 * stages.  Not thread safe: one thread runs the bench.
 */
#pragma once

#include "bench/load/options.h"
#include "client/client_file.h"

#define BENCH_STAGES 4u
#define STAGE_CONFIRM (BENCH_STAGES - 1) /* OPEN_CONFIRM, of minor version 0; the lane adds it */
#define STAGE_DONE (-1)
#define STAGE_ERROR (-2)
#define STAGE_LAST (-3) /* done, and the slot has no more work */
#define STAGE_NEXT 1000 /* the next stage, or done */

/* The files and directories of a run, created by an operation's set-up in a directory of its
 * own. */
struct bench_work {
    const struct bench_options *options;
    struct client_mount *mount; /* of the lane */
    uint32_t lane;
    char dir_name[32];
    struct client_fh parent, dir;
    struct client_file *files; /* from malloc */
    uint32_t file_room;        /* number of elements */
    uint32_t file_count;       /* number of them that are open */
    struct stateid4 *locks;    /* from malloc: of each slot's lock owner */
    uint8_t *payload;          /* of WRITE, padded */
    uint32_t payload_len;
};

struct lane_slot;

struct bench_stage {
    /* Append the operations after SEQUENCE. */
    void (*build)(const struct bench_work *work, const struct lane_slot *slot,
                  struct client_compound *c);
    /* Change the request before it is sent; NULL: no change. */
    void (*patch)(struct lane_slot *slot, uint8_t *request);
    /* Decode the results after SEQUENCE; returns the next stage or STAGE_...  NULL: STAGE_NEXT. */
    int (*take)(struct lane_slot *slot, struct xdr *results);
    bool cache_this;
    bool payload; /* the request ends with work->payload, which is sent without a copy */
};

struct bench_op {
    const char *name;
    uint32_t size_max; /* takes a :SIZE; 0: no */
    bool in_server;    /* neither requests nor replies have so many bytes */
    bool bare;         /* the NULL procedure, no COMPOUND */
    bool in_dir;       /* can work in a directory that exists: --dir */
    bool back;         /* needs a back channel */
    uint32_t minor;    /* version that has it; 0: 1, and 0 unless it needs a session */
    bool session;      /* it needs one */
    unsigned stage_count;
    struct bench_stage stages[BENCH_STAGES];
    enum nfsstat4 (*setup)(struct bench_work *work);
};

/* NULL if there is no such operation. */
const struct bench_op *bench_op_find(const char *name);

/* Add the names of all operations to a guess. */
struct guess;
void bench_op_offer(struct guess *guess);

/* Create the directory and what the operation needs in it. */
MUST_USE enum nfsstat4 bench_work_setup(struct bench_work *work, const struct bench_op *op);

/* Remove it all. */
void bench_work_cleanup(struct bench_work *work);

/* Create files of `bytes` bytes each, and optionally leave them open.  With --dir: look up as many
 * of those that exist. */
MUST_USE enum nfsstat4 bench_work_files(struct bench_work *work, uint32_t count, uint32_t bytes,
                                        bool keep_open);

/* The name of file `index`, here and in directories of --hold; all have the same length. */
#define BENCH_NAME_BYTES 16u
void bench_file_name(uint32_t index, char name[BENCH_NAME_BYTES]);

/* One of options->entries names or locks: another one for each `turn` of each slot, from all over
 * the directory or file. */
uint32_t bench_entry(const struct lane_slot *slot, uint32_t turn);

/* Write that many bytes at the beginning of a file. */
MUST_USE enum nfsstat4 bench_work_fill(struct bench_work *work, struct client_file *file,
                                       uint32_t bytes);

#define BENCH_FILE_BYTES_MAX (64u << 20)

/* How many places of the operation's size such a file has, at least 1. */
uint32_t bench_place_count(const struct bench_options *options);

/* Create one file with a place for each slot, of the size of the operation, and leave it open. */
MUST_USE enum nfsstat4 bench_work_places(struct bench_work *work);

/* Where the place of the slot is; with a large size places overlap. */
uint64_t bench_file_offset(const struct lane_slot *slot);

/* The attributes that Linux requests with most operations. */
struct bitmap4 bench_attrs(void);

/* OPEN of a name in the work's directory, as the slot's owner, with the operations that Linux
 * adds. */
void bench_build_open(const struct bench_work *work, const struct lane_slot *slot,
                      struct client_compound *c, const char *name, bool create);

/* The same for the existing file of the slot, with this share_access. */
void bench_build_open_as(const struct bench_work *work, const struct lane_slot *slot,
                         struct client_compound *c, uint32_t access);

/* The next stage: CLOSE of what bench_build_open() opened, the file `slot->index`. */
void bench_build_close(const struct bench_work *work, const struct lane_slot *slot,
                       struct client_compound *c);

/* Decode PUTFH and OPEN, and store the stateid. */
int bench_take_open(struct lane_slot *slot, struct xdr *results);

/* A placeholder for the seqid of an owner of minor version 0, which the lane replaces. */
#define BENCH_SEQID_MARK 0x6f776e21u

/* The access of an OPEN as the minor version has it. */
uint32_t bench_access(const struct bench_work *work, uint32_t access);

/* CLOSE, of a stateid that bench_stateid_patch() replaces. */
void bench_op_close(const struct bench_work *work, struct client_compound *c);

/* A placeholder for a stateid in requests, and the function that replaces it with the slot's
 * stateid. */
extern const struct stateid4 bench_stateid_mark;
void bench_stateid_patch(struct lane_slot *slot, uint8_t *request);

/* The offset of a placeholder in a request. */
uint32_t bench_mark_find(const struct lane_slot *slot, const void *mark, size_t len);

/* Operations on names (op_name.c) and on contents (op_file.c). */
extern const struct bench_op bench_op_getattr, bench_op_access, bench_op_read, bench_op_write,
    bench_op_write_sync;
extern const struct bench_op bench_op_lookup, bench_op_open_close, bench_op_readdir, bench_op_list;

/* Operations beside the state that others hold (op_state.c). */
extern const struct bench_op bench_op_open_wish, bench_op_lock;

/* Operations of minor version 2 (op_minor2.c). */
extern const struct bench_op bench_op_read_plus, bench_op_copy, bench_op_getxattr,
    bench_op_setxattr;

/* Operations that change names (op_change.c). */
extern const struct bench_op bench_op_create_remove, bench_op_create, bench_op_remove,
    bench_op_rename;
