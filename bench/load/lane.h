/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection under load: a session with a request in flight in each of its slots.  All
 * available input is received at once, all replies in it are handled, and all resulting requests
 * are sent with one call.  On a connection with TLS or Kerberos requests are copied once more.
 */
#pragma once

#include <sys/uio.h>

#include "bench/load/histogram.h"
#include "bench/load/op.h"

/* A stage's request for one slot: a complete record except for the shared payload, which it
 * includes if the lane is secured. */
struct lane_request {
    uint8_t *bytes;
    uint32_t len;
    uint32_t args_at;
    uint32_t seqid_at; /* 0: no SEQUENCE */
    uint32_t owner_at; /* of the owner's seqid, in minor version 0; 0: none */
};

/* One slot: its requests, and the values that replace placeholders in them. */
struct lane_slot {
    struct lane *lane;
    uint32_t index;
    unsigned stage;
    uint32_t seqid;       /* of the next request */
    uint32_t owner_seqid; /* the same of the owner, in minor version 0 */
    bool confirm;         /* what was opened is to be confirmed */
    int confirmed;        /* what follows then, as slot_take() returns it */
    uint32_t generation;
    uint32_t xid; /* of the awaited reply; host order */
    bool busy;
    int64_t started_ns;
    struct lane_request requests[BENCH_STAGES];
    uint32_t patch_at[BENCH_STAGES][2]; /* offsets of placeholders, for the operation */
    struct stateid4 stateid;
    struct stateid4 delegation; /* if delegated */
    bool delegated;
    struct client_fh fh;
    uint64_t cookie;
    uint8_t verifier[NFS4_VERIFIER_SIZE];
    uint32_t name_count;
};

struct lane {
    struct client_mount mount;
    struct bench_work work;
    const struct bench_op *op;
    int fd;      /* for requests: the mount's, or the floor's */
    bool secure; /* by TLS or Kerberos */
    struct lane_slot *slots;
    uint32_t slot_count, busy;
    uint8_t *in;
    size_t in_size, in_from, in_to;
    struct iovec *out; /* requests not sent yet: out_from..out_to, of 2 * slot_count */
    uint32_t out_from, out_to;
    uint64_t count; /* of operations after which it stops; 0: it goes on */
    bool stopping;
    uint64_t done, errors;
    enum nfsstat4 first_error;
    struct client_callbacks *callbacks; /* of a back channel; NULL: none */
    struct histogram *latency;
    struct client_reply reply; /* being handled: its arena, and what was decrypted */
};

/* Connect, open the session, set up the work, build the requests.  False after an error message. */
MUST_USE bool lane_open(struct lane *lane, const struct bench_options *options,
                        const struct bench_op *op, uint32_t index, struct histogram *latency);

/* Undo everything, also on the server. */
void lane_close(struct lane *lane);

/* Start every slot. */
MUST_USE bool lane_start(struct lane *lane, int64_t now_ns);

/* Receive, handle, send.  False when the connection has failed. */
MUST_USE bool lane_readable(struct lane *lane, int64_t now_ns);

/* Send what is queued; false as above. *blocked: part of it is still queued. */
MUST_USE bool lane_flush(struct lane *lane, bool *blocked);

/* Run each stage once on slot 0 of the mount's own connection, and store the replies (records
 * without marks), which the caller must free.  False after an error message. */
struct lane_canned {
    uint8_t *bytes;
    uint32_t len;
    uint32_t seqid_at; /* offset of SEQUENCE's seqid in the reply; 0: none */
    uint32_t request_seqid_at;
};
MUST_USE bool lane_sample(struct lane *lane, struct lane_canned canned[BENCH_STAGES]);

/* The stage is part of the xid, as is the slot. */
static inline unsigned lane_xid_stage(uint32_t xid)
{
    return xid >> 12 & 0xf;
}
