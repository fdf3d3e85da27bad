/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens: one for each open owner and file, with a stateid, however often the file was opened (RFC
 * 8881 §9.9).  OPEN, OPEN_DOWNGRADE and CLOSE change them; READ and WRITE check them.
 *
 * A file in two exports is two files for its clients, with a stateid each (§10.3.4).  But conflicts
 * between clients are per file: it has one set of share reservations, locks and delegations.
 *
 * An OPEN has two steps, so that a file is truncated only if its shares permit that, and a failure
 * leaves no trace: open_reserve() reserves the shares; open_commit() creates or upgrades the open;
 * open_cancel() withdraws the reservation.
 *
 * After CLOSE an open is no longer found.  It is freed, with vfs close(), when the last I/O that
 * uses it has ended.  A revoked open (open_revoke.h) is found, but cannot be used.
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
    uint32_t access, deny;             /* without the WANT bits; must be valid */
    struct client_principal principal; /* before any squash */
    uint8_t transport;                 /* how well the connection is secured: more is better */
    int64_t now_ns;                    /* when the request arrived; leases are judged as of then */
    bool admitted;                     /* open_has_room() was true */
    bool notifiable;                   /* the reply says OPEN4_RESULT_MAY_NOTIFY_LOCK */
    struct delegation_waiter *waiter;  /* for conflicting delegations; may be NULL */
    bool fresh;                        /* out, of commit: the owner had none of the object */
    struct file *file;                 /* set between reserve and commit or cancel */
};

/* Removal of a client with all its state, and the check for state. */
extern const struct state_client_hooks open_hooks;
void open_client_release(struct client *client);
bool open_client_has_state(const struct client *client);

/* Is there room for one more open of this owner?  For requests that create or truncate a file
 * first: they set open_request.admitted, and open_commit() does not check again.  So concurrent
 * requests may exceed the limits slightly. */
bool open_has_room(struct client *client, const struct wire_opaque *owner);

/* NFS4ERR_SHARE_DENIED if other opens, or this owner's own, conflict.  Conflicting opens of clients
 * whose lease is over are revoked instead (open_share.h).  NFS4ERR_DELAY if that fails, or if
 * delegations of other clients conflict: like delegation_begin(), with request->waiter. */
enum nfsstat4 open_reserve(struct open_request *request) MUST_USE;
void open_cancel(struct open_request *request);

/* The caller has done vfs open() for request->access.  On NFS4_OK the open takes it over, and *out
 * is its stateid.  On an error (NFS4ERR_DELAY: a limit) the reservation is withdrawn. */
enum nfsstat4 open_commit(struct open_request *request, struct stateid4 *out) MUST_USE;

/* Undo the commit of a fresh open, as CLOSE would.  False: another OPEN of its owner is answered
 * with it, or it was revoked meanwhile: the client has to be told of it. */
bool open_withdraw(struct client *client, const struct stateid4 *stateid) MUST_USE;

/* CLOSE: end the open and its locks.  OLD_STATEID, BAD_STATEID; EXPIRED, ADMIN_REVOKED. */
enum nfsstat4 open_close(struct open *open, uint32_t seqid) MUST_USE;

/* NFS4ERR_INVAL unless the bits are the union of some of the OPENs in effect (RFC 8881 §18.18). */
enum nfsstat4 open_downgrade(struct open *open, uint32_t seqid, uint32_t access, uint32_t deny,
                             struct stateid4 *out) MUST_USE;

/* The open of an open or lock stateid; takes no reference. */
struct open *open_of_stateid(struct stateid *sid);

/* The file of a stateid of any kind; takes no reference. */
struct file *file_of_stateid(struct stateid *sid);

/* An open of the object by this caller of the client, in effect, that permits `access` (READ or
 * WRITE): its stateid, with seqid 0.  False: there is none.  Takes file.lock. */
bool open_find_by_caller(struct client *client, struct vfs_object *obj, uint32_t access,
                         const struct vfs_cred *cred, struct stateid4 *out) MUST_USE;

/* Has this caller opened the file for `access` (READ or WRITE)?  Then vfs open() has checked its
 * rights; those of any other caller must be checked (RFC 8881 §18.16.4). */
bool open_by_caller(const struct open *open, uint32_t access, const struct vfs_cred *cred);
