/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LOCK, LOCKT and LOCKU (RFC 8881 §18.10 to §18.12): what they check and change, on top of the
 * states of lock_state.h and the ranges of lock_table.h.
 */
#pragma once

#include "state/lock/lock_conflict.h"
#include "state/lock/lock_state.h"

struct lock_request {
    bool write;
    bool reclaim;   /* of locks held before the server's restart */
    bool wait;      /* READW_LT, WRITEW_LT: the client will retry */
    int64_t now_ns; /* when the request arrived; leases and waiting times are judged as of then */
    struct lock_range range;
    struct wire_opaque fh;          /* of the file, for notices to waiters; may be empty */
    struct stateid4 *out;           /* the new stateid, on NFS4_OK */
    struct lock_conflict *conflict; /* on NFS4ERR_DENIED */
};

/* Convert the protocol's offset and length.  NFS4ERR_INVAL (RFC 8881 §18.10.3). */
enum nfsstat4 lock_range_decode(uint64_t offset, uint64_t length, struct lock_range *range);

/* LOCK by an owner that may have no lock state under this open; `seqid` is the open stateid's.
 * DENIED, OPENMODE, OLD_STATEID, BAD_STATEID, EXPIRED, ADMIN_REVOKED; DELAY at a limit, and if the
 * loss of an expired client can't be recorded. */
enum nfsstat4 lock_open_owner(struct open *open, uint32_t seqid, const struct wire_opaque *name,
                              const struct lock_request *request) MUST_USE;

/* LOCK with a lock stateid. */
enum nfsstat4 lock_existing_owner(struct lock_state *ls, uint32_t seqid,
                                  const struct lock_request *request) MUST_USE;

/* LOCKT.  DENIED only because of locks, not of waiters.  `request->out` is not used. */
enum nfsstat4 lock_test(struct client *client, struct vfs_object *obj,
                        const struct wire_opaque *name,
                        const struct lock_request *request) MUST_USE;

/* LOCKU.  Many locks are removed in batches. */
enum nfsstat4 lock_unlock(struct lock_state *ls, uint32_t seqid, const struct lock_range *range,
                          struct stateid4 *out) MUST_USE;
