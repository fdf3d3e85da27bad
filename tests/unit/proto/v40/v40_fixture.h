/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of 4.0 to the server of v41_fixture: one COMPOUND for each operation with a seqid,
 * behind its filehandle. Owners increment their seqids as RFC 7530 §9.1.7 says; a test may set
 * them.
 */
#pragma once

#include "unit/proto/v41/v41_fixture.h"

struct v40_owner {
    uint64_t clientid;
    const char *name;
    uint32_t seqid; /* the next */
};

struct v40_file {
    uint8_t fh[LIMIT_FH_BYTES];
    uint32_t fh_len;
    struct stateid4 stateid; /* of the open */
    uint32_t rflags;
};

/* A thread's call, the file descriptor of its connection, and whether owners stay as they are
 * afterwards, as a retry needs it. */
struct v40_caller {
    struct v41_call call;
    int fd;
    bool still;
};

void v40_caller_init(struct v40_caller *caller, int fd);

/* An empty COMPOUND of minor version 0. */
void v40_begin(struct v40_caller *caller);

/* SETCLIENTID and SETCLIENTID_CONFIRM. */
uint64_t v40_client(struct v40_caller *caller, const char *name);

struct wire_opaque v40_text(const char *string);

/* OPEN without create, CLAIM_NULL. */
struct OPEN4args v40_open_args(const struct v40_owner *owner, const char *name, uint32_t access,
                               uint32_t deny);

/* PUTROOTFH, the OPEN and GETFH; the file's handle and stateid on NFS4_OK. */
enum nfsstat4 send_open_with(struct v40_caller *caller, struct v40_owner *owner,
                             struct OPEN4args *args, struct v40_file *file);
enum nfsstat4 send_open(struct v40_caller *caller, struct v40_owner *owner, const char *name,
                        uint32_t access, uint32_t deny, struct v40_file *file);
/* With GUARDED4: a second one is NFS4ERR_EXIST. */
enum nfsstat4 send_create(struct v40_caller *caller, struct v40_owner *owner, const char *name,
                          uint32_t access, uint32_t deny, struct v40_file *file);

/* Each sets file->stateid to the new one, except CLOSE. */
enum nfsstat4 send_confirm(struct v40_caller *caller, struct v40_owner *owner,
                           struct v40_file *file);
enum nfsstat4 send_downgrade(struct v40_caller *caller, struct v40_owner *owner,
                             struct v40_file *file, uint32_t access, uint32_t deny);
enum nfsstat4 send_close(struct v40_caller *caller, struct v40_owner *owner,
                         const struct v40_file *file);

/* The open, confirmed if requested; it must succeed. */
void must_open(struct v40_caller *caller, struct v40_owner *owner, const char *name,
               uint32_t access, uint32_t deny, struct v40_file *file);

/* A client `alice` over v41_fd, her owners, and her open for both of a new `file`, confirmed. */
void v40_alice(struct v40_caller *caller, struct v40_owner *owner, struct v40_owner *locker,
               struct v40_file *file);

/* Ranges are offset and length; the lock stateid is stored in or taken from `lock`. When denied,
 * `held` of the caller is the conflicting owner's name. */
enum nfsstat4 send_lock_new(struct v40_caller *caller, struct v40_owner *owner,
                            const struct v40_file *file, struct v40_owner *locker, uint64_t offset,
                            uint64_t length, struct stateid4 *lock);
enum nfsstat4 send_lock(struct v40_caller *caller, const struct v40_file *file,
                        struct v40_owner *locker, uint64_t offset, uint64_t length,
                        struct stateid4 *lock);
enum nfsstat4 send_unlock(struct v40_caller *caller, const struct v40_file *file,
                          struct v40_owner *locker, uint64_t offset, uint64_t length,
                          struct stateid4 *lock);
enum nfsstat4 send_lock_test(struct v40_caller *caller, const struct v40_file *file,
                             const struct v40_owner *locker, uint64_t offset, uint64_t length);
enum nfsstat4 send_release(struct v40_caller *caller, const struct v40_owner *locker);

/* WRITE of a byte with this stateid. */
enum nfsstat4 send_write(struct v40_caller *caller, const struct v40_file *file,
                         const struct stateid4 *stateid);

/* Repeat the last request over any connection: the reply must have the same bytes. */
void must_replay(struct v40_caller *caller, int fd);
