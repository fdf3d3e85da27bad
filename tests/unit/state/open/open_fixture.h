/* SPDX-License-Identifier: Apache-2.0 */
/* The base of the tests of owners, opens and locks: clients and a few files of mem. */
#pragma once

#include "lib/test.h"
#include "state/client/client.h"
#include "state/lock/lock.h"
#include "state/open/open_revoke.h"
#include "state/open/open_share.h"

enum {
    FIXTURE_FILES = 4,
    R = OPEN4_SHARE_ACCESS_READ,
    W = OPEN4_SHARE_ACCESS_WRITE,
    RW = OPEN4_SHARE_ACCESS_BOTH,
    NONE = OPEN4_SHARE_DENY_NONE,
};

struct fixture {
    struct state *state;
    struct client *alice, *bob, *carol; /* a reference on each */
    struct vfs *fs;
    const struct vfs_ops *fs_ops; /* of mem; fs has counting ones */
    struct vfs_object *root;
    struct vfs_object *files[FIXTURE_FILES];
    struct vfs_cred cred; /* owns the files */
};
extern struct fixture fx;
extern const struct client_caller fixture_caller; /* who made all clients */

/* vfs open()s without their close(). */
extern _Atomic int fixture_vfs_opens;

/* What the next fixture_set_up() gives to the state; NULL: no stable storage. */
extern struct recovery *fixture_recovery;

int fixture_set_up(void **unused);
int fixture_tear_down(void **unused);

/* Another client, with a reference. */
struct client *fixture_client(const char *name);

struct wire_opaque name_of(const char *text);

/* OPEN as a handler calls it. */
enum nfsstat4 do_open(struct client *client, const char *owner, struct vfs_object *obj,
                      uint32_t access, uint32_t deny, struct stateid4 *out);
/* The same, and it must succeed. */
struct stateid4 must_open(struct client *client, const char *owner, struct vfs_object *obj,
                          uint32_t access, uint32_t deny);

enum nfsstat4 do_close(struct client *client, const struct stateid4 *stateid);
enum nfsstat4 do_downgrade(struct client *client, struct stateid4 *stateid, uint32_t access,
                           uint32_t deny);

/* LOCK by a lock owner under an open, LOCK and LOCKU with a lock stateid, LOCKT, FREE_STATEID. */
enum nfsstat4 do_lock(struct client *client, const struct stateid4 *open, const char *owner,
                      bool write, uint64_t offset, uint64_t length, struct stateid4 *out);
enum nfsstat4 do_lock_again(struct client *client, struct stateid4 *stateid, bool write,
                            uint64_t offset, uint64_t length);
enum nfsstat4 do_unlock(struct client *client, struct stateid4 *stateid, uint64_t offset,
                        uint64_t length);
enum nfsstat4 do_test(struct client *client, const char *owner, struct vfs_object *obj, bool write,
                      uint64_t offset, uint64_t length);
enum nfsstat4 do_free(struct client *client, const struct stateid4 *stateid);

/* Why it was revoked, NFS4_OK if it was not, or BAD_STATEID when it is not found. */
enum nfsstat4 revoked(struct client *client, const struct stateid4 *stateid);

/* Is I/O without a stateid refused? */
bool denied(struct vfs_object *obj, uint32_t access);

/* LOCKs of this thread are READW_LT and WRITEW_LT. */
extern _Thread_local bool fixture_wait;

/* The filehandle in LOCKs; empty at first. */
extern struct wire_opaque fixture_fh;

/* OPENs are answered OPEN4_RESULT_MAY_NOTIFY_LOCK; true at first. */
extern bool fixture_notifiable;

/* The conflict that the last LOCK met on this thread. */
extern _Thread_local struct lock_conflict fixture_conflict;
