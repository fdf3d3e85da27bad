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

#include <stdbool.h>
#include <stdint.h>

#include "state/file/file.h"
#include "state/file/open_record.h"
#include "state/file/open_tables.h"
#include "state/file/owner.h"
#include "state/file/stateid.h"
#include "state/state.h"

struct delegation_waiter;

struct open_request {
    struct client *client;
    struct wire_opaque owner;
    struct vfs_object *obj;
    const struct vfs_cred *cred;
    uint32_t access, deny;             /* without the WANT bits, valid */
    struct client_principal principal; /* before any squash */
    int64_t now_ns;                    /* when it came: leases are as of then */
    bool admitted;                     /* open_has_room() was true */
    struct delegation_waiter *waiter;  /* for delegations in the way; may be NULL */
    struct file *file;                 /* between reserve and commit or cancel */
};

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

/* Has this very caller opened the file for `access` (READ or WRITE)?  Then vfs open() has checked
 * its rights; those of any other caller are to be checked (RFC 8881 §18.16.4). */
bool open_by_caller(const struct open *open, uint32_t access, const struct vfs_cred *cred);
