/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open and lock owners of minor version 0.  Each has a seqid that orders its requests (RFC 7530
 * §9.1.7); these are the operations that carry one.  The seqid advances with the replies, so a
 * retry has the same one.  A test that needs another value sets owner->seqid first.
 */
#pragma once

#include "client/client_op.h"

#define CLIENT_OWNER_BYTES 64u

struct client_owner {
    uint64_t clientid;
    char name[CLIENT_OWNER_BYTES];
    uint32_t seqid; /* of the next request */
};

/* Initialize an owner unknown to the server; it begins with seqid 1. */
void client_owner_init(struct client_owner *owner, uint64_t clientid, const char *name);

/* The owner's seqid for the next operation; it advances with the reply. */
uint32_t client_owner_seqid(struct client_compound *c, struct client_owner *owner);

/* Like client_op_open(), with owner, clientid and seqid taken from `owner`. */
void client_owner_open(struct client_compound *c, struct client_owner *owner,
                       const struct client_open *open);
void client_owner_open_confirm(struct client_compound *c, struct client_owner *owner,
                               const struct stateid4 *open_stateid);
void client_owner_open_downgrade(struct client_compound *c, struct client_owner *owner,
                                 const struct stateid4 *open_stateid, uint32_t access,
                                 uint32_t deny);
void client_owner_close(struct client_compound *c, struct client_owner *owner,
                        const struct stateid4 *open_stateid);

struct client_lock {
    enum nfs_lock_type4 type;
    bool reclaim;
    uint64_t offset, length;
};

/* The first LOCK of a file by a lock owner: it carries the seqids of both owners. */
void client_owner_lock_first(struct client_compound *c, struct client_owner *open_owner,
                             const struct stateid4 *open_stateid, struct client_owner *lock_owner,
                             const struct client_lock *lock);
void client_owner_lock(struct client_compound *c, struct client_owner *lock_owner,
                       const struct stateid4 *lock_stateid, const struct client_lock *lock);
void client_owner_unlock(struct client_compound *c, struct client_owner *lock_owner,
                         const struct stateid4 *lock_stateid, const struct client_lock *lock);

/* LOCKT and RELEASE_LOCKOWNER name an owner, but carry no seqid. */
void client_owner_lock_test(struct client_compound *c, const struct client_owner *lock_owner,
                            const struct client_lock *lock);
void client_owner_release(struct client_compound *c, const struct client_owner *lock_owner);
