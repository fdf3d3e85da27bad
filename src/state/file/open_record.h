/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of an open, as locks and delegations see it.  open.h creates and ends opens.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "state/client/client.h"
#include "state/file/file.h"
#include "state/file/owner.h"
#include "state/file/stateid.h"

/* Holders of a reference (stateid_get): its table while it is open, or its client's list of revoked
 * state; its lock states; each request that has looked it up. */
struct open {
    struct stateid sid;
    struct client *client;  /* a reference */
    struct file *file;      /* a reference */
    struct vfs_object *obj; /* the file as the client knows it; a reference */
    struct owner *owner;    /* a use */

    /* Guarded by file->lock; access may be read without it. */
    _Atomic uint32_t access; /* OPEN4_SHARE_ACCESS_*, without the WANT bits */
    uint32_t deny;
    uint32_t modes;      /* (access, deny) of each OPEN still in effect: open_mode_bit() */
    uint32_t lock_count; /* byte-range locks of its lock states */
    uint32_t held;       /* bit 1 << want for each vfs open() that we hold */
    bool closed;
    _Atomic uint8_t transport; /* how well the connection of its last opener was secured */
    bool notifiable;           /* an OPEN of it was answered OPEN4_RESULT_MAY_NOTIFY_LOCK */
    struct share_group *group; /* of its client in its file, until unhashed */
    struct list file_link;     /* on group->opens */
    struct list lock_states;   /* except those that have ended or were revoked */
    struct list waiters;       /* struct lock_waiter by open_link */

    /* Hashes of the callers that last opened it for reading and for writing.  They have that
     * access. */
    _Atomic uint64_t reader, writer;
    _Atomic(struct client_principal) opener; /* the last opener, before any squash; changed under
                                              * owner_table.lock */

    /* Guarded by owner_table.lock. */
    struct hnode by_owner; /* and object */
    struct list client_link;
    struct hnode by_opener; /* of the first of those of its opener; 4.0 only (opener.h) */
    struct list opener_ring;
    bool first_of_opener;
};

static inline uint32_t open_access(const struct open *open)
{
    return atomic_load_explicit(&open->access, memory_order_relaxed);
}

/* May an operation with this seqid change the open?  With file->lock held.  BAD_STATEID,
 * OLD_STATEID; EXPIRED, ADMIN_REVOKED. */
static inline enum nfsstat4 open_check_locked(const struct open *open, uint32_t seqid)
{
    enum nfsstat4 status = open->closed ? NFS4ERR_BAD_STATEID : stateid_revoked(&open->sid);

    return status == NFS4_OK ? stateid_check_seqid(&open->sid, seqid) : status;
}
