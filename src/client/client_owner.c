/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_owner.h"

#include <string.h>

#define FIRST_SEQID 1u

void client_owner_init(struct client_owner *owner, uint64_t clientid, const char *name)
{
    CHECK(strlen(name) < sizeof(owner->name));
    memset(owner, 0, sizeof(*owner));
    owner->clientid = clientid;
    owner->seqid = FIRST_SEQID;
    memcpy(owner->name, name, strlen(name));
}

static struct state_owner4 wire_owner(const struct client_owner *owner)
{
    return (struct state_owner4){owner->clientid, client_text(owner->name)};
}

uint32_t client_owner_seqid(struct client_compound *c, struct client_owner *owner)
{
    CHECK(c->seqid_count < CLIENT_COMPOUND_SEQIDS);
    c->seqids[c->seqid_count++] =
        (struct client_compound_seqid){.owner = owner, .seqid = owner->seqid, .op_index = c->count};
    return owner->seqid;
}

void client_owner_open(struct client_compound *c, struct client_owner *owner,
                       const struct client_open *open)
{
    struct client_open mine = *open;

    mine.clientid = owner->clientid;
    mine.owner = owner->name;
    mine.seqid = client_owner_seqid(c, owner);
    client_op_open(c, &mine);
}

void client_owner_open_confirm(struct client_compound *c, struct client_owner *owner,
                               const struct stateid4 *open_stateid)
{
    struct nfs_argop4 op = {
        .argop = OP_OPEN_CONFIRM,
        .opopen_confirm = {.open_stateid = *open_stateid, .seqid = client_owner_seqid(c, owner)},
    };

    client_compound_add(c, &op);
}

void client_owner_open_downgrade(struct client_compound *c, struct client_owner *owner,
                                 const struct stateid4 *open_stateid, uint32_t access,
                                 uint32_t deny)
{
    struct nfs_argop4 op = {
        .argop = OP_OPEN_DOWNGRADE,
        .opopen_downgrade = {.open_stateid = *open_stateid,
                             .seqid = client_owner_seqid(c, owner),
                             .share_access = access,
                             .share_deny = deny},
    };

    client_compound_add(c, &op);
}

void client_owner_close(struct client_compound *c, struct client_owner *owner,
                        const struct stateid4 *open_stateid)
{
    struct nfs_argop4 op = {
        .argop = OP_CLOSE,
        .opclose = {.seqid = client_owner_seqid(c, owner), .open_stateid = *open_stateid},
    };

    client_compound_add(c, &op);
}

static struct nfs_argop4 lock_op(const struct client_lock *lock)
{
    return (struct nfs_argop4){
        .argop = OP_LOCK,
        .oplock = {.locktype = lock->type,
                   .reclaim = lock->reclaim,
                   .offset = lock->offset,
                   .length = lock->length},
    };
}

void client_owner_lock_first(struct client_compound *c, struct client_owner *open_owner,
                             const struct stateid4 *open_stateid, struct client_owner *lock_owner,
                             const struct client_lock *lock)
{
    struct nfs_argop4 op = lock_op(lock);

    op.oplock.locker.new_lock_owner = true;
    op.oplock.locker.open_owner.open_seqid = client_owner_seqid(c, open_owner);
    op.oplock.locker.open_owner.open_stateid = *open_stateid;
    op.oplock.locker.open_owner.lock_seqid = client_owner_seqid(c, lock_owner);
    op.oplock.locker.open_owner.lock_owner = wire_owner(lock_owner);
    client_compound_add(c, &op);
}

void client_owner_lock(struct client_compound *c, struct client_owner *lock_owner,
                       const struct stateid4 *lock_stateid, const struct client_lock *lock)
{
    struct nfs_argop4 op = lock_op(lock);

    op.oplock.locker.lock_owner.lock_stateid = *lock_stateid;
    op.oplock.locker.lock_owner.lock_seqid = client_owner_seqid(c, lock_owner);
    client_compound_add(c, &op);
}

void client_owner_unlock(struct client_compound *c, struct client_owner *lock_owner,
                         const struct stateid4 *lock_stateid, const struct client_lock *lock)
{
    struct nfs_argop4 op = {
        .argop = OP_LOCKU,
        .oplocku = {.locktype = lock->type,
                    .seqid = client_owner_seqid(c, lock_owner),
                    .lock_stateid = *lock_stateid,
                    .offset = lock->offset,
                    .length = lock->length},
    };

    client_compound_add(c, &op);
}

void client_owner_lock_test(struct client_compound *c, const struct client_owner *lock_owner,
                            const struct client_lock *lock)
{
    struct nfs_argop4 op = {
        .argop = OP_LOCKT,
        .oplockt = {.locktype = lock->type,
                    .offset = lock->offset,
                    .length = lock->length,
                    .owner = wire_owner(lock_owner)},
    };

    client_compound_add(c, &op);
}

void client_owner_release(struct client_compound *c, const struct client_owner *lock_owner)
{
    client_compound_add(c, &(struct nfs_argop4){.argop = OP_RELEASE_LOCKOWNER,
                                                .oprelease_lockowner = {wire_owner(lock_owner)}});
}
