/* SPDX-License-Identifier: Apache-2.0 */
#include "actor.h"

#include <stdarg.h>
#include <stdio.h>

void actor_differs(const struct actor *me, const char *format, ...)
{
    va_list args;
    char text[256];

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)fprintf(stderr, "actor %u, minor version %d: %s\n", me->number, me->mount->v40 ? 0 : 1,
                  text);
    atomic_store(&me->load->failed, true);
    atomic_store(&me->load->stop, true);
}

bool actor_got(const struct actor *me, const char *what, enum nfsstat4 status, enum nfsstat4 also)
{
    if (status != NFS4_OK && status != also)
        actor_differs(me, "%s is answered with %s", what, status_name(status));
    return status == NFS4_OK;
}

enum nfsstat4 actor_open(struct actor *me, const struct client_fh *dir, const char *name,
                         uint32_t deny, struct place *place)
{
    const struct client_open how = {.owner = "opener",
                                    .access = OPEN4_SHARE_ACCESS_BOTH,
                                    .deny = deny,
                                    .name = name,
                                    .create = true,
                                    .how = UNCHECKED4,
                                    .mode = 0666};

    place->has_lock = false;
    return actor_patiently(client_file_open(me->mount, dir, &how, &place->file));
}

enum nfsstat4 actor_close(struct actor *me, struct place *place)
{
    place->has_lock = false;
    return actor_patiently(client_file_close(me->mount, &place->file));
}

static void op_lock(struct actor *me, struct client_compound *c, const struct place *place,
                    const struct client_lock *lock)
{
    struct client_owner *owner = client_mount_owner(me->mount, "locker");
    struct nfs_argop4 op = {
        .argop = OP_LOCK,
        .oplock = {.locktype = lock->type,
                   .offset = lock->offset,
                   .length = lock->length,
                   .locker = {.new_lock_owner = false, .lock_owner = {place->lock, 0}}}};

    if (owner && place->has_lock)
        client_owner_lock(c, owner, &place->lock, lock);
    else if (owner)
        client_owner_lock_first(c, place->file.owner, &place->file.stateid, owner, lock);
    else if (place->has_lock)
        client_compound_add(c, &op);
    else
        client_op_lock_new(c, &place->file.stateid, client_mount_clientid(me->mount), "locker",
                           lock->type, lock->offset, lock->length);
}

static enum nfsstat4 lock_once(struct actor *me, struct place *place,
                               const struct client_lock *lock)
{
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin(me->mount, &c);
    client_op_putfh(&c, &place->file.fh);
    op_lock(me, &c, place, lock);
    status = client_mount_call(me->mount, &c, &r);
    if (status == NFS4_OK) {
        place->lock = client_result_lookup(&r, OP_LOCK)->oplock.lock_stateid;
        place->has_lock = true;
    }
    client_result_free(&r);
    return status;
}

enum nfsstat4 actor_lock(struct actor *me, struct place *place, uint64_t offset, uint64_t length)
{
    const struct client_lock lock = {.type = WRITE_LT, .offset = offset, .length = length};

    return actor_patiently(lock_once(me, place, &lock));
}

static enum nfsstat4 unlock_once(struct actor *me, struct place *place)
{
    const struct client_lock lock = {.type = WRITE_LT, .length = NFS4_UINT64_MAX};
    struct client_owner *owner = client_mount_owner(me->mount, "locker");
    struct nfs_argop4 op = {
        .argop = OP_LOCKU,
        .oplocku = {.locktype = WRITE_LT, .lock_stateid = place->lock, .length = NFS4_UINT64_MAX}};
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin(me->mount, &c);
    client_op_putfh(&c, &place->file.fh);
    if (owner)
        client_owner_unlock(&c, owner, &place->lock, &lock);
    else
        client_compound_add(&c, &op);
    status = client_mount_call(me->mount, &c, &r);
    if (status == NFS4_OK)
        place->lock = client_result_lookup(&r, OP_LOCKU)->oplocku.lock_stateid;
    client_result_free(&r);
    return status;
}

enum nfsstat4 actor_unlock(struct actor *me, struct place *place)
{
    return actor_patiently(unlock_once(me, place));
}

enum nfsstat4 actor_read(struct actor *me, const struct place *place, uint64_t offset, void *data,
                         uint32_t len)
{
    enum nfsstat4 status;
    uint32_t got = 0;
    bool eof;

    status =
        actor_patiently(client_file_read(me->mount, &place->file, offset, data, len, &got, &eof));
    return status == NFS4_OK && got < len ? NFS4ERR_IO : status;
}

enum nfsstat4 actor_write(struct actor *me, const struct place *place, uint64_t offset,
                          const void *data, uint32_t len)
{
    enum nfsstat4 status;
    uint32_t written = 0;

    status = actor_patiently(
        client_file_write(me->mount, &place->file, offset, UNSTABLE4, data, len, &written));
    return status == NFS4_OK && written < len ? NFS4ERR_IO : status;
}

static enum nfsstat4 rename_once(struct actor *me, const struct client_fh *from, const char *name,
                                 const struct client_fh *to, const char *as)
{
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin(me->mount, &c);
    client_op_putfh(&c, from);
    client_op(&c, OP_SAVEFH);
    client_op_putfh(&c, to);
    client_op_rename(&c, name, as);
    status = client_mount_call(me->mount, &c, &r);
    client_result_free(&r);
    return status;
}

enum nfsstat4 actor_rename(struct actor *me, const struct client_fh *from, const char *name,
                           const struct client_fh *to, const char *as)
{
    return actor_patiently(rename_once(me, from, name, to, as));
}
