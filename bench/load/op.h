/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be measured.  An operation is one or more stages, a compound each.  A stage's request
 * is built once for each slot and afterwards only patched; its reply may yield what later stages
 * patch in.  Not thread safe; one thread runs a bench.
 */
#pragma once

#include "bench/load/options.h"
#include "client/client_file.h"

#define BENCH_STAGES 3u
#define STAGE_DONE (-1)
#define STAGE_ERROR (-2)
#define STAGE_LAST (-3) /* done, and the slot has nothing left to do */
#define STAGE_NEXT 1000 /* the stage after this one, or done */

/* What a test run works on: made by an operation's set-up in a directory of its own. */
struct bench_work {
    const struct bench_options *options;
    struct client_mount *mount; /* of the lane */
    uint32_t lane;
    char dir_name[32];
    struct client_fh parent, dir;
    struct client_file *files; /* from malloc */
    uint32_t file_count;       /* of them that are open */
    uint8_t *payload;          /* of WRITE, padded */
    uint32_t payload_len;
};

struct lane_slot;

struct bench_stage {
    /* Append the operations after SEQUENCE. */
    void (*build)(const struct bench_work *work, const struct lane_slot *slot,
                  struct client_compound *c);
    /* Change the request before it is sent; NULL: nothing to change. */
    void (*patch)(struct lane_slot *slot, uint8_t *request);
    /* Look at the results after SEQUENCE; the next stage or STAGE_...  NULL: STAGE_NEXT. */
    int (*take)(struct lane_slot *slot, struct xdr *results);
    bool cache_this;
    bool payload; /* the request ends in work->payload, sent from there */
};

struct bench_op {
    const char *name;
    bool sized; /* wants :SIZE */
    bool bare;  /* NULL: no COMPOUND at all */
    unsigned stage_count;
    struct bench_stage stages[BENCH_STAGES];
    enum nfsstat4 (*setup)(struct bench_work *work);
};

/* NULL when there is none of that name. */
const struct bench_op *bench_op_find(const char *name);

/* Offer the names of all to a guess. */
struct guess;
void bench_op_offer(struct guess *guess);

/* Make the directory and what the operation needs in it; the status says what went wrong. */
MUST_USE enum nfsstat4 bench_work_setup(struct bench_work *work, const struct bench_op *op);

/* Remove it all. */
void bench_work_cleanup(struct bench_work *work);

/* Create files "f0", "f1", ... with `bytes` bytes each; leave them open if asked to. */
MUST_USE enum nfsstat4 bench_work_files(struct bench_work *work, uint32_t count, uint32_t bytes,
                                        bool keep_open);

/* The attributes that Linux asks for with most operations. */
struct bitmap4 bench_attrs(void);

/* OPEN of a name in the work's directory, by the slot's owner, with what Linux asks for. */
void bench_build_open(const struct bench_work *work, const struct lane_slot *slot,
                      struct client_compound *c, const char *name, bool create);

/* PUTFH and OPEN: keep the stateid. */
int bench_take_open(struct lane_slot *slot, struct xdr *results);

/* The stateid in requests until it is known, and what puts the slot's in its place. */
extern const struct stateid4 bench_stateid_mark;
void bench_stateid_patch(struct lane_slot *slot, uint8_t *request);

/* Where the bytes of a placeholder stand in a request. */
uint32_t bench_mark_find(const struct lane_slot *slot, const void *mark, size_t len);

/* The operations on names (op_name.c) and on contents (op_file.c). */
extern const struct bench_op bench_op_getattr, bench_op_access, bench_op_read, bench_op_write,
    bench_op_write_sync;
extern const struct bench_op bench_op_lookup, bench_op_open_close, bench_op_readdir;

/* Those that change names (op_change.c). */
extern const struct bench_op bench_op_create_remove, bench_op_create, bench_op_remove,
    bench_op_rename;
