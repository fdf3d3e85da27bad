/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check of an owner's seqid (RFC 7530 §9.1.7), before the handler of an operation runs.
 *
 *     decode -> client and owner -> next seqid -> handler -> result kept for a retry
 *                                -> last seqid again: the kept result
 *                                -> any other: BAD_SEQID
 *
 * A wrong seqid has precedence over a wrong stateid, an old one for example (§9.1.9).
 */
#pragma once

#include "proto/v40/compound40.h"
#include "state/v40/owner_seqid.h"

/* One operation in its owner's sequence. */
struct owner_call {
    struct owner_request request;
    struct owner_result result; /* status and bytes are filled by the gate, the rest by `run` */
    const void *args;
    /* With the sequence taken.  It returns what the operation does. */
    enum nfsstat4 (*run)(struct v40_compound *x, struct owner_call *call);
    struct owner *owner;
    enum nfsstat4 found; /* what is wrong with its stateid; for `run` */
};

/* The operation `op` whose arguments have just been decoded. */
struct owner_call owner_call_begin(const struct v40_compound *x, enum nfs_opnum4 op, uint32_t seqid,
                                   const void *args,
                                   enum nfsstat4 (*run)(struct v40_compound *,
                                                        struct owner_call *));

/* In the sequence of `owner`, a use of which the caller hands over. */
enum nfsstat4 owner_gate_run(struct v40_compound *x, struct owner_call *call, struct owner *owner);

/* In the sequence of the owner that a stateid of this kind names; `run` comes with call->found.
 * After the state is gone, its owner is found for a while by the last open that it closed. */
enum nfsstat4 owner_gate_stateid(struct v40_compound *x, struct owner_call *call,
                                 enum stateid_kind kind, const struct stateid4 *stateid);
