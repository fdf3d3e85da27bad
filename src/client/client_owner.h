/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open and lock owners of minor version 0: each has a seqid that orders its requests (RFC 7530
 * §9.1.7), and these are the operations that carry one.  The seqid follows the replies, so a
 * request that is sent again has the same one; a test that wants another sets owner->seqid first.
 */
#pragma once

#include "client/client_op.h"

#define CLIENT_OWNER_BYTES 64u

struct client_owner {
    uint64_t clientid;
    char name[CLIENT_OWNER_BYTES];
    uint32_t seqid; /* of the next request */
};

/* An owner that the server has not heard of; it begins with seqid 1. */
void client_owner_init(struct client_owner *owner, uint64_t clientid, const char *name);

/* The owner's seqid for the operation that is appended next; it will follow the reply. */
uint32_t client_owner_seqid(struct client_compound *c, struct client_owner *owner);

/* As client_op_open(); owner, clientid and seqid of `open` are those of `owner`. */
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

/* A lock owner's first LOCK of a file: both owners' seqids are in it. */
void client_owner_lock_first(struct client_compound *c, struct client_owner *open_owner,
                             const struct stateid4 *open_stateid, struct client_owner *lock_owner,
                             const struct client_lock *lock);
void client_owner_lock(struct client_compound *c, struct client_owner *lock_owner,
                       const struct stateid4 *lock_stateid, const struct client_lock *lock);
void client_owner_unlock(struct client_compound *c, struct client_owner *lock_owner,
                         const struct stateid4 *lock_stateid, const struct client_lock *lock);

/* LOCKT and RELEASE_LOCKOWNER name an owner, but have no seqid. */
void client_owner_lock_test(struct client_compound *c, const struct client_owner *lock_owner,
                            const struct client_lock *lock);
void client_owner_release(struct client_compound *c, const struct client_owner *lock_owner);
