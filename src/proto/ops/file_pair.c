/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ops/file_pair.h"

#include "proto/admission.h"
#include "proto/caller.h"

static enum nfsstat4 begin(const struct compound *c, const struct stateid4 *stateid,
                           uint32_t access, struct stateid_io *io)
{
    enum nfsstat4 status = stateid_io_begin(c, stateid, access, io);

    return status == NFS4_OK ? stateid_io_permit(c, io, access) : status;
}

/* The current stateid went with the filehandle when it was saved (RFC 8881 §16.2.3.1.2). */
static void turn_to_source(struct compound *source, const struct compound *c,
                           const struct vfs_cred *reader)
{
    *source = *c;
    source->current = c->saved;
    source->current_stateid = c->saved_stateid;
    source->has_current_stateid = c->has_saved_stateid;
    source->cred = *reader;
}

/* PUTFH leaves it to others whether the security is right where SAVEFH follows.  RFC 7862 §11.2 has
 * no WRONGSEC for operations with a source. */
static enum nfsstat4 check_source_admits(struct compound *c)
{
    if (c->saved.export == c->current.export)
        return NFS4_OK;
    return admission_to_export(c, c->saved.export, c->saved.obj, NFS4ERR_ACCESS) == NFS4_OK
               ? NFS4_OK
               : NFS4ERR_ACCESS;
}

enum nfsstat4 file_pair_check(struct compound *c)
{
    enum nfsstat4 status;

    if (!c->saved.obj || !c->current.obj)
        return NFS4ERR_NOFILEHANDLE;
    if (!vfs_type_is_file(c->saved.obj->type) || !vfs_type_is_file(c->current.obj->type))
        return NFS4ERR_WRONG_TYPE;
    status = check_source_admits(c);
    return status == NFS4_OK ? compound_need_writable(c) : status;
}

enum nfsstat4 file_pair_begin_as(struct file_pair *pair, const struct compound *c,
                                 const struct vfs_cred *reader, const struct stateid4 *from,
                                 const struct stateid4 *to)
{
    enum nfsstat4 status;

    turn_to_source(&pair->source, c, reader);
    pair->write = (struct stateid_io){0};
    status = begin(&pair->source, from, OPEN4_SHARE_ACCESS_READ, &pair->read);
    if (status == NFS4_OK)
        status = begin(c, to, OPEN4_SHARE_ACCESS_WRITE, &pair->write);
    if (status != NFS4_OK)
        file_pair_end(pair, c);
    return status;
}

enum nfsstat4 file_pair_begin(struct file_pair *pair, struct compound *c,
                              const struct stateid4 *from, const struct stateid4 *to)
{
    struct vfs_cred reader = c->cred;

    if (c->saved.export != c->current.export) {
        caller_squash(c, c->saved.export, &reader);
        reader.actor = c->client;
    }
    return file_pair_begin_as(pair, c, &reader, from, to);
}

static void latest(const struct stateid_io *io, struct stateid4 *stateid)
{
    if (!io->sid)
        return; /* a special one */
    stateid_value(io->sid, stateid);
    stateid->seqid = 0;
}

void file_pair_latest(const struct file_pair *pair, struct stateid4 *from, struct stateid4 *to)
{
    latest(&pair->read, from);
    latest(&pair->write, to);
}

void file_pair_end(struct file_pair *pair, const struct compound *c)
{
    stateid_io_end(c, &pair->write);
    stateid_io_end(&pair->source, &pair->read);
}
