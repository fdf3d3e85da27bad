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
    bool reclaim;   /* of the server's last life */
    bool wait;      /* READW_LT, WRITEW_LT: the client will ask again */
    int64_t now_ns; /* when it came: leases and waiting times are as of then */
    struct lock_range range;
    struct wire_opaque fh;          /* of the file, for notices to waiters; may be empty */
    struct stateid4 *out;           /* the new stateid, on NFS4_OK */
    struct lock_conflict *conflict; /* on NFS4ERR_DENIED */
};

/* Offset and length of the protocol; NFS4ERR_INVAL (RFC 8881 §18.10.3). */
enum nfsstat4 lock_range_decode(uint64_t offset, uint64_t length, struct lock_range *range);

/* LOCK by an owner that may be new to the open; `seqid` is that of the open stateid.  DENIED,
 * OPENMODE, OLD_STATEID, BAD_STATEID, EXPIRED, ADMIN_REVOKED, DELAY (a limit, or the loss of an
 * expired client can't be recorded). */
enum nfsstat4 lock_open_owner(struct open *open, uint32_t seqid, const struct wire_opaque *name,
                              const struct lock_request *request) MUST_USE;

/* LOCK with a lock stateid. */
enum nfsstat4 lock_again(struct lock_state *ls, uint32_t seqid,
                         const struct lock_request *request) MUST_USE;

/* LOCKT: DENIED by locks, and never by waiters; `request->out` is not used. */
enum nfsstat4 lock_test(struct client *client, struct vfs_object *obj,
                        const struct wire_opaque *name,
                        const struct lock_request *request) MUST_USE;

/* LOCKU.  Where there are many locks they go batch by batch. */
enum nfsstat4 lock_unlock(struct lock_state *ls, uint32_t seqid, const struct lock_range *range,
                          struct stateid4 *out) MUST_USE;
