/* SPDX-License-Identifier: Apache-2.0 */
#include "v40_fixture.h"

#include <string.h>

#include "lib/test.h"
#include "state/v40/owner_seqid.h"

void v40_caller_init(struct v40_caller *caller, int fd)
{
    caller->fd = fd;
    caller->still = false;
}

void v40_begin(struct v40_caller *caller)
{
    v41_begin(&caller->call);
    caller->call.minor = 0;
    caller->call.arena = NULL;
}

struct wire_opaque v40_text(const char *string)
{
    return (struct wire_opaque){(const uint8_t *)string, (uint32_t)strlen(string)};
}

static enum nfsstat4 go(struct v40_caller *caller)
{
    v41_roundtrip(caller->fd, &caller->call);
    assert_int_equal(caller->call.accept_stat, 0);
    return caller->call.status;
}

/* The owner increments its seqid, unless the error is one of the exempt ones. */
static enum nfsstat4 go_counting(struct v40_caller *caller, struct v40_owner *owner)
{
    enum nfsstat4 status = go(caller);

    if (owner_seqid_advances(status) && !caller->still)
        owner->seqid++;
    return status;
}

/* Skip to the result of that operation. */
static struct xdr *result(struct v40_caller *caller, uint32_t op)
{
    assert_int_equal(v41_result(&caller->call, op), NFS4_OK);
    return &caller->call.results;
}

uint64_t v40_client(struct v40_caller *caller, const char *name)
{
    struct SETCLIENTID4args args = {.client = {.id = v40_text(name)}};
    struct SETCLIENTID4resok resok;
    struct SETCLIENTID_CONFIRM4args confirm;

    v40_begin(caller);
    wire_SETCLIENTID4args(v41_op(&caller->call, OP_SETCLIENTID), &args);
    assert_int_equal(go(caller), NFS4_OK);
    assert_true(wire_SETCLIENTID4resok(result(caller, OP_SETCLIENTID), &resok));
    confirm.clientid = resok.clientid;
    memcpy(confirm.setclientid_confirm, resok.setclientid_confirm, NFS4_VERIFIER_SIZE);
    v40_begin(caller);
    wire_SETCLIENTID_CONFIRM4args(v41_op(&caller->call, OP_SETCLIENTID_CONFIRM), &confirm);
    assert_int_equal(go(caller), NFS4_OK);
    return resok.clientid;
}

struct OPEN4args v40_open_args(const struct v40_owner *owner, const char *name, uint32_t access,
                               uint32_t deny)
{
    return (struct OPEN4args){
        .seqid = owner->seqid,
        .share_access = access,
        .share_deny = deny,
        .owner = {.clientid = owner->clientid, .owner = v40_text(owner->name)},
        .openhow = {.opentype = OPEN4_NOCREATE},
        .claim = {.claim = CLAIM_NULL, .file = v40_text(name)},
    };
}

enum nfsstat4 send_open_with(struct v40_caller *caller, struct v40_owner *owner,
                             struct OPEN4args *args, struct v40_file *file)
{
    struct OPEN4resok resok;
    struct GETFH4resok fh;
    enum nfsstat4 status;

    v40_begin(caller);
    v41_op(&caller->call, OP_PUTROOTFH);
    wire_OPEN4args(v41_op(&caller->call, OP_OPEN), args);
    v41_op(&caller->call, OP_GETFH);
    status = go_counting(caller, owner);
    if (status != NFS4_OK)
        return status;
    (void)result(caller, OP_PUTROOTFH);
    assert_true(wire_OPEN4resok(result(caller, OP_OPEN), &resok));
    assert_true(wire_GETFH4resok(result(caller, OP_GETFH), &fh));
    file->stateid = resok.stateid;
    file->rflags = resok.rflags;
    file->fh_len = fh.object.len;
    memcpy(file->fh, fh.object.data, fh.object.len);
    return NFS4_OK;
}

enum nfsstat4 send_open(struct v40_caller *caller, struct v40_owner *owner, const char *name,
                        uint32_t access, uint32_t deny, struct v40_file *file)
{
    struct OPEN4args args = v40_open_args(owner, name, access, deny);

    return send_open_with(caller, owner, &args, file);
}

enum nfsstat4 send_create(struct v40_caller *caller, struct v40_owner *owner, const char *name,
                          uint32_t access, uint32_t deny, struct v40_file *file)
{
    struct OPEN4args args = v40_open_args(owner, name, access, deny);

    args.openhow = (struct openflag4){.opentype = OPEN4_CREATE, .how = {.mode = GUARDED4}};
    return send_open_with(caller, owner, &args, file);
}

static struct xdr *begin_at(struct v40_caller *caller, const struct v40_file *file, uint32_t op)
{
    struct PUTFH4args args = {.object = {file->fh, file->fh_len}};

    v40_begin(caller);
    wire_PUTFH4args(v41_op(&caller->call, OP_PUTFH), &args);
    return v41_op(&caller->call, op);
}

/* Read a stateid from the result of `op`, which stands behind PUTFH. */
static enum nfsstat4 take_stateid(struct v40_caller *caller, uint32_t op, struct stateid4 *stateid)
{
    (void)result(caller, OP_PUTFH);
    assert_true(wire_stateid4(result(caller, op), stateid));
    return NFS4_OK;
}

enum nfsstat4 send_confirm(struct v40_caller *caller, struct v40_owner *owner,
                           struct v40_file *file)
{
    struct OPEN_CONFIRM4args args = {.open_stateid = file->stateid, .seqid = owner->seqid};
    enum nfsstat4 status;

    wire_OPEN_CONFIRM4args(begin_at(caller, file, OP_OPEN_CONFIRM), &args);
    status = go_counting(caller, owner);
    return status == NFS4_OK ? take_stateid(caller, OP_OPEN_CONFIRM, &file->stateid) : status;
}

enum nfsstat4 send_downgrade(struct v40_caller *caller, struct v40_owner *owner,
                             struct v40_file *file, uint32_t access, uint32_t deny)
{
    struct OPEN_DOWNGRADE4args args = {.open_stateid = file->stateid,
                                       .seqid = owner->seqid,
                                       .share_access = access,
                                       .share_deny = deny};
    enum nfsstat4 status;

    wire_OPEN_DOWNGRADE4args(begin_at(caller, file, OP_OPEN_DOWNGRADE), &args);
    status = go_counting(caller, owner);
    return status == NFS4_OK ? take_stateid(caller, OP_OPEN_DOWNGRADE, &file->stateid) : status;
}

enum nfsstat4 send_close(struct v40_caller *caller, struct v40_owner *owner,
                         const struct v40_file *file)
{
    struct CLOSE4args args = {.seqid = owner->seqid, .open_stateid = file->stateid};

    wire_CLOSE4args(begin_at(caller, file, OP_CLOSE), &args);
    return go_counting(caller, owner);
}

void must_open(struct v40_caller *caller, struct v40_owner *owner, const char *name,
               uint32_t access, uint32_t deny, struct v40_file *file)
{
    enum nfsstat4 status = send_open(caller, owner, name, access, deny, file);

    if (status == NFS4ERR_NOENT)
        status = send_create(caller, owner, name, access, deny, file);
    assert_int_equal(status, NFS4_OK);
    if (file->rflags & OPEN4_RESULT_CONFIRM)
        assert_int_equal(send_confirm(caller, owner, file), NFS4_OK);
}

void v40_alice(struct v40_caller *caller, struct v40_owner *owner, struct v40_owner *locker,
               struct v40_file *file)
{
    uint64_t id;

    v40_caller_init(caller, v41_fd);
    id = v40_client(caller, "alice");
    *owner = (struct v40_owner){id, "owner", 1};
    *locker = (struct v40_owner){id, "locker", 1};
    assert_int_equal(
        send_create(caller, owner, "file", OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_NONE, file),
        NFS4_OK);
    assert_int_equal(send_confirm(caller, owner, file), NFS4_OK);
}

static struct LOCK4args lock_args(uint64_t offset, uint64_t length)
{
    return (struct LOCK4args){.locktype = WRITE_LT, .offset = offset, .length = length};
}

static enum nfsstat4 lock_go(struct v40_caller *caller, struct v40_owner *owner,
                             struct stateid4 *lock)
{
    enum nfsstat4 status = go_counting(caller, owner);

    return status == NFS4_OK ? take_stateid(caller, OP_LOCK, lock) : status;
}

enum nfsstat4 send_lock_new(struct v40_caller *caller, struct v40_owner *owner,
                            const struct v40_file *file, struct v40_owner *locker, uint64_t offset,
                            uint64_t length, struct stateid4 *lock)
{
    struct LOCK4args args = lock_args(offset, length);
    enum nfsstat4 status;

    args.locker.new_lock_owner = true;
    args.locker.open_owner = (struct open_to_lock_owner4){
        .open_seqid = owner->seqid,
        .open_stateid = file->stateid,
        .lock_seqid = locker->seqid,
        .lock_owner = {.clientid = locker->clientid, .owner = v40_text(locker->name)}};
    wire_LOCK4args(begin_at(caller, file, OP_LOCK), &args);
    status = lock_go(caller, owner, lock);
    if (owner_seqid_advances(status) && !caller->still)
        locker->seqid++;
    return status;
}

enum nfsstat4 send_lock(struct v40_caller *caller, const struct v40_file *file,
                        struct v40_owner *locker, uint64_t offset, uint64_t length,
                        struct stateid4 *lock)
{
    struct LOCK4args args = lock_args(offset, length);

    args.locker.lock_owner =
        (struct exist_lock_owner4){.lock_stateid = *lock, .lock_seqid = locker->seqid};
    wire_LOCK4args(begin_at(caller, file, OP_LOCK), &args);
    return lock_go(caller, locker, lock);
}

enum nfsstat4 send_unlock(struct v40_caller *caller, const struct v40_file *file,
                          struct v40_owner *locker, uint64_t offset, uint64_t length,
                          struct stateid4 *lock)
{
    struct LOCKU4args args = {.locktype = WRITE_LT,
                              .seqid = locker->seqid,
                              .lock_stateid = *lock,
                              .offset = offset,
                              .length = length};
    enum nfsstat4 status;

    wire_LOCKU4args(begin_at(caller, file, OP_LOCKU), &args);
    status = go_counting(caller, locker);
    return status == NFS4_OK ? take_stateid(caller, OP_LOCKU, lock) : status;
}

enum nfsstat4 send_lock_test(struct v40_caller *caller, const struct v40_file *file,
                             const struct v40_owner *locker, uint64_t offset, uint64_t length)
{
    struct LOCKT4args args = {
        .locktype = WRITE_LT,
        .offset = offset,
        .length = length,
        .owner = {.clientid = locker->clientid, .owner = v40_text(locker->name)}};

    wire_LOCKT4args(begin_at(caller, file, OP_LOCKT), &args);
    return go(caller);
}

enum nfsstat4 send_release(struct v40_caller *caller, const struct v40_owner *locker)
{
    struct RELEASE_LOCKOWNER4args args = {
        .lock_owner = {.clientid = locker->clientid, .owner = v40_text(locker->name)}};

    v40_begin(caller);
    wire_RELEASE_LOCKOWNER4args(v41_op(&caller->call, OP_RELEASE_LOCKOWNER), &args);
    return go(caller);
}

enum nfsstat4 send_write(struct v40_caller *caller, const struct v40_file *file,
                         const struct stateid4 *stateid)
{
    struct WRITE4args args = {
        .stateid = *stateid, .stable = UNSTABLE4, .data = {(const uint8_t *)"x", 1}};

    wire_WRITE4args(begin_at(caller, file, OP_WRITE), &args);
    return go(caller);
}

void must_replay(struct v40_caller *caller, int fd)
{
    static _Thread_local uint8_t before[sizeof(caller->call.body)];
    uint32_t len = caller->call.body_len;

    memcpy(before, caller->call.body, len);
    v41_roundtrip(fd, &caller->call);
    assert_int_equal(caller->call.body_len, len);
    assert_memory_equal(caller->call.body, before, len);
}
