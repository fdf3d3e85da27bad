/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte-range locks as the protocol has them: lock stateids on top of lock_table.h.  A lock state is
 * one lock owner under one open (RFC 8881 §9.5); it lives until CLOSE or FREE_STATEID, also without
 * a lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "state/lock_table.h"
#include "state/open.h"
#include "state/stateid.h"

/* Holders of a reference (stateid_get): its open's list; whoever looked it up. */
struct lock_state {
    struct stateid sid;
    struct open *open; /* a reference */

    /* Under open->file->lock. */
    struct list open_link;
    struct lock_set set;
    bool freed;
};

/* Whose lock was in the way: a copy. */
struct lock_conflict {
    uint64_t offset, length; /* as on the wire */
    bool write;
    uint64_t clientid;
    uint32_t owner_len;
    uint8_t owner[LIMIT_OWNER_STRING_BYTES];
};

struct lock_request {
    bool write;
    struct lock_range range;
    struct stateid4 *out;           /* the new stateid, on NFS4_OK */
    struct lock_conflict *conflict; /* on NFS4ERR_DENIED */
};

/* Offset and length of the protocol; NFS4ERR_INVAL (RFC 8881 §18.10.3). */
enum nfsstat4 lock_range_decode(uint64_t offset, uint64_t length, struct lock_range *range);

/* LOCK by an owner who may be new to the open; `seqid` is that of the open stateid.  DENIED,
 * OPENMODE, OLD_STATEID, BAD_STATEID, DELAY (a limit). */
enum nfsstat4 lock_open_owner(struct open *open, uint32_t seqid, const struct wire_opaque *name,
                              const struct lock_request *request) MUST_USE;

/* LOCK with a lock stateid. */
enum nfsstat4 lock_again(struct lock_state *ls, uint32_t seqid,
                         const struct lock_request *request) MUST_USE;

/* LOCKT; `request->out` is not used. */
enum nfsstat4 lock_test(struct client *client, struct vfs_object *obj,
                        const struct wire_opaque *name,
                        const struct lock_request *request) MUST_USE;

/* LOCKU */
enum nfsstat4 lock_unlock(struct lock_state *ls, uint32_t seqid, const struct lock_range *range,
                          struct stateid4 *out) MUST_USE;

/* FREE_STATEID: NFS4ERR_LOCKS_HELD as long as there are locks. */
enum nfsstat4 lock_state_free(struct lock_state *ls, uint32_t seqid) MUST_USE;

/* For CLOSE: end all lock states of an open under file->lock, and give them up after it. */
void lock_states_unhash_locked(struct open *open, struct list *doomed);
void lock_states_bury(struct list *doomed);
