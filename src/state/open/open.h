/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens: one for each open owner and file, with a stateid, however often the file was opened (RFC
 * 8881 §9.9).  What OPEN, OPEN_DOWNGRADE and CLOSE change, and what READ and WRITE ask.
 *
 * A file in two exports is two to its clients, with a stateid each (§10.3.4), but one to all that
 * keeps clients apart: its share reservations, locks and delegations.
 *
 * An OPEN comes in two steps, so that a file is truncated only when its shares allow that and a
 * failure leaves no trace: open_reserve() holds the shares, open_commit() makes the open or
 * upgrades it, open_cancel() takes the reservation back.
 *
 * After CLOSE an open is found no more; it goes, with vfs close(), when the last I/O that uses it
 * has ended.  One that is revoked (open_revoke.h) is found and can't be used.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "state/file/file.h"
#include "state/file/owner.h"
#include "state/file/stateid.h"
#include "state/lock/lock_notice.h"
#include "state/state.h"

/* What state/v40 hangs on (v40/owner_tables.h), which may be left out of the build. */
struct open_tables_v40 {
    void (*free)(struct open_tables_v40 *self);
};

struct open_tables {
    struct stateid_table *stateids;
    _Atomic(struct open_tables_v40 *) v40; /* NULL until asked for */
    uint64_t cred_seed;
    _Atomic uint32_t idle_sequences; /* 4.0: of owners of all clients that hold nothing */
    struct lock_notices notices;
    struct file_shard files[FILE_SHARDS];
};

/* Holders of a reference (stateid_get): its table as long as it is open, or its client's list of
 * what was revoked; its lock states; whoever looked it up. */
struct open {
    struct stateid sid;
    struct client *client;  /* a reference */
    struct file *file;      /* a reference */
    struct vfs_object *obj; /* as the client knows the file: a reference */
    struct owner *owner;    /* a use */

    /* Under file->lock; access may be read without. */
    _Atomic uint32_t access; /* OPEN4_SHARE_ACCESS_*, without the WANT bits */
    uint32_t deny;
    uint32_t modes; /* (access, deny) of each OPEN that is still in effect: open_mode_bit() */
    uint32_t held;  /* a bit 1 << want for each vfs open() that is ours */
    bool closed;
    struct share_group *group; /* of its client in its file, until it is unhashed */
    struct list file_link;     /* on group->opens */
    struct list lock_states;   /* but those that have ended or were revoked */
    struct list waiters;       /* struct lock_waiter by open_link */

    /* Who opened it last for reading, for writing: hashes.  The same caller may do so now. */
    _Atomic uint64_t reader, writer;
    _Atomic(struct client_principal) opener; /* the last one, before any squash */

    /* Under owner_table.lock. */
    struct hnode by_owner; /* and object */
    struct list client_link;
};

struct delegation_waiter;

struct open_request {
    struct client *client;
    struct wire_opaque owner;
    struct vfs_object *obj;
    const struct vfs_cred *cred;
    uint32_t access, deny;             /* without the WANT bits, valid */
    struct client_principal principal; /* before any squash */
    int64_t now_ns;                    /* when it came: whose lease is over */
    bool admitted;                     /* open_has_room() was true */
    struct delegation_waiter *waiter;  /* for delegations in the way; may be NULL */
    struct file *file;                 /* between reserve and commit or cancel */
};

struct open_tables *open_tables_create(uint64_t boot_id);
void open_tables_destroy(struct open_tables *tables);

/* Removal of a client with all that it has, and the test for it. */
extern const struct state_client_hooks open_hooks;
void open_client_release(struct client *client);
bool open_client_has_state(const struct client *client);

/* Is there room for one more open of this owner?  For requests that would make or truncate a file
 * first: they say so in open_request.admitted, and open_commit() does not ask again.  So the limits
 * can be exceeded by the requests that run at a time. */
bool open_has_room(struct client *client, const struct wire_opaque *owner);

/* NFS4ERR_SHARE_DENIED when other opens, or this owner's own, conflict.  Those of clients whose
 * lease is over are revoked instead (open_share.h); NFS4ERR_DELAY when that cannot be, and when
 * delegations of others are in the way: as delegation_begin(), with request->waiter. */
enum nfsstat4 open_reserve(struct open_request *request) MUST_USE;
void open_cancel(struct open_request *request);

/* The caller has done vfs open() of request->access; on NFS4_OK that has passed over to the open
 * and *out is its stateid.  On an error (NFS4ERR_DELAY: a limit) the reservation is cancelled. */
enum nfsstat4 open_commit(struct open_request *request, struct stateid4 *out) MUST_USE;

/* CLOSE: the open and its locks end.  OLD_STATEID, BAD_STATEID; EXPIRED, ADMIN_REVOKED. */
enum nfsstat4 open_close(struct open *open, uint32_t seqid) MUST_USE;

/* NFS4ERR_INVAL unless the bits are the union of some of the OPENs in effect (RFC 8881 §18.18). */
enum nfsstat4 open_downgrade(struct open *open, uint32_t seqid, uint32_t access, uint32_t deny,
                             struct stateid4 *out) MUST_USE;

/* The open behind a stateid of an open or a lock; no reference of its own. */
struct open *open_of_stateid(struct stateid *sid);

/* The file of a stateid of any kind; no reference of its own. */
struct file *file_of_stateid(struct stateid *sid);

/* The stateid with which this one is revoked: its open's for a lock, else itself. */
struct stateid *stateid_head(struct stateid *sid);

static inline uint32_t open_access(const struct open *open)
{
    return atomic_load_explicit(&open->access, memory_order_relaxed);
}

/* What stands for a caller in open.reader and .writer. */
uint64_t open_caller_hash(const struct open_tables *tables, const struct vfs_cred *cred);

/* Has this very caller opened the file for `access` (READ or WRITE)?  Then vfs open() has checked
 * his right; anybody else's has to be checked (RFC 8881 §18.16.4). */
bool open_by_caller(const struct open *open, uint32_t access, const struct vfs_cred *cred);
