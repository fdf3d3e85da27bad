/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lane does one step after the other, each a compound whose outcome its model predicts; lanes of
 * all clients run at once. The steps depend on the seed alone.
 */
#pragma once

#include <stdatomic.h>

#include "client/client_session.h"
#include "model.h"

enum {
    WORKLOAD_CLIENTS = 8,
    WORKLOAD_LANES = 4, /* of a client */
    WORKLOAD_TOKENS = 8,
    WORKLOAD_RANGES = 8
};

/* What all lanes share. A token is a directory that only the lane that created it may remove;
 * ranges are those of one file that all lock. */
struct workload {
    uint64_t seed;
    uint32_t steps; /* of each lane */
    bool dir_links; /* the file system counts the directories in a directory */
    char path[64];  /* path of the directory with all test files */
    struct client_fh tokens;
    _Atomic uint32_t token_owner[WORKLOAD_TOKENS]; /* lane_id() + 1, or 0 */
    struct client_fh meeting;
    _Atomic uint32_t range_owner[WORKLOAD_RANGES];
    _Atomic unsigned clients_busy;
    _Atomic bool failed;
};

struct step_kind;

struct step {
    const struct step_kind *kind;
    enum nfsstat4 expect;
    enum nfsstat4 also; /* a second valid status, if not NFS4_OK: another lane was faster */
    bool cached;        /* the reply is to be cached */
    uint32_t op_count;
    int dir, dir2;   /* directories by their number in the model */
    int node;        /* the object; 0: a new one */
    int name, name2; /* existing names; -1: none */
    char text[MODEL_NAME_BYTES], text2[MODEL_NAME_BYTES];
    enum nfs_ftype4 type;
    uint32_t mode, access;
    enum createmode4 how;
    uint32_t offset, len;
    uint64_t fill; /* what the bytes are made from */
    enum nfs_lock_type4 lock_type;
    uint32_t first, last; /* lock units */
    uint32_t token;
    uint32_t op, range; /* in the shared file */
};

/* A lane's state on the file that all lanes use. */
struct meeting {
    bool is_open, has_lock, is_locked;
    struct stateid4 open, lock;
    uint32_t range;
};

struct lane {
    struct workload *work;
    unsigned client, number;
    uint64_t clientid;
    struct random random;
    uint32_t steps_done;
    struct model model;
    char owner[MODEL_NAME_BYTES];
    struct meeting meeting;
    struct step step;
    uint32_t slot; /* of the step, for messages */
    uint32_t seqid;
};

void lane_init(struct lane *lane, struct workload *work, unsigned client, unsigned number);
void lane_fini(struct lane *lane);

uint32_t lane_id(const struct lane *lane);

/* Build the next step for that slot; false when all are done. */
bool lane_next(struct lane *lane, struct client_session *session, uint32_t slot,
               struct client_compound *c);

/* Compare the result of the step with the model, then update the model. */
void lane_finish(struct lane *lane, struct client_result *result);

/* Report a difference, and how to reproduce it. */
void lane_differs(const struct lane *lane, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
