/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which client sent an operation of 4.0: the one that a client id or a stateid in its arguments
 * names.  Either renews its lease (RFC 7530 §9.5), and its request counts as running until the
 * COMPOUND ends or an operation names another client.
 */
#pragma once

#include "proto/v40/compound40.h"

/* By client id.  NFS4ERR_STALE_CLIENTID, NFS4ERR_EXPIRED. */
enum nfsstat4 v40_use_client(struct v40_compound *x, uint64_t clientid);

/* The same for a client that the caller has a reference of.  False: it is being removed, or is a
 * 4.1 client. */
bool v40_use_client_of(struct v40_compound *x, struct client *client) MUST_USE;

/* By stateid, which is checked as 4.0 has it: a seqid of 0 is a seqid, there is no current stateid,
 * and one of an earlier instance of the server is told from a wrong one.  The anonymous stateid and
 * the one of all ones name no client, and are NFS4_OK.  NFS4ERR_STALE_STATEID, NFS4ERR_BAD_STATEID,
 * NFS4ERR_OLD_STATEID.  What was revoked is found; the handler says so.  An open that is not
 * confirmed is BAD_STATEID.  x->used is set where there is such a stateid, whatever is wrong with
 * it. */
enum nfsstat4 v40_use_stateid(struct v40_compound *x, const struct stateid4 *stateid);

/* The same for the one operation that may use the stateid of an open not yet confirmed. */
enum nfsstat4 v40_use_stateid_unconfirmed(struct v40_compound *x, const struct stateid4 *stateid);

/* The operation is done with its stateid; a client that was told of a loss knows of it now. */
void v40_stateid_done(struct v40_compound *x, enum nfsstat4 status);

/* The COMPOUND has no client any more. */
void v40_client_done(struct v40_compound *x);

/* What the next operation returns, if that is DELEGRETURN; a reference, or NULL.  A GETATTR before
 * it must not ask for, or recall, that delegation. */
struct stateid *v40_peek_delegreturn(const struct v40_compound *x);
