/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two files of an operation that moves data inside the server (RFC 7862 §15.2, §15.13): the
 * saved filehandle is read, the current one is written, each as its stateid and its export permit.
 */
#pragma once

#include "proto/compound.h"
#include "proto/ops/stateid_arg.h"

/* In use between file_pair_begin() and _end(). */
struct file_pair {
    struct compound source; /* as a READ of the saved filehandle would find the compound */
    struct stateid_io read, write;
};

/* Are they two regular files of which the second may be written?  NOFILEHANDLE; WRONG_TYPE, and not
 * ISDIR or SYMLINK, as the RFC demands; ACCESS if the export of the source wants other security;
 * ROFS. */
enum nfsstat4 file_pair_check(struct compound *c) MUST_USE;

/* Is it the same file twice, perhaps in two exports? */
static inline bool file_pair_is_one(const struct compound *c)
{
    return c->saved.obj->node == c->current.obj->node;
}

/* To be called after the check.  The statuses of stateid_io_begin() and stateid_io_permit() for a
 * READ and a WRITE.  After an error there is nothing to end. */
enum nfsstat4 file_pair_begin(struct file_pair *pair, struct compound *c,
                              const struct stateid4 *from, const struct stateid4 *to) MUST_USE;

/* The same for a caller of which it is known whom the source's export takes it for. */
enum nfsstat4 file_pair_begin_as(struct file_pair *pair, const struct compound *c,
                                 const struct vfs_cred *reader, const struct stateid4 *from,
                                 const struct stateid4 *to) MUST_USE;

/* Replace the two stateids by the latest of what was found, which they will mean later, too. */
void file_pair_latest(const struct file_pair *pair, struct stateid4 *from, struct stateid4 *to);

/* Does a delegation permit this side, rather than an open or a special stateid? */
static inline bool file_pair_is_delegated(const struct stateid_io *io)
{
    return io->sid && io->sid->kind == STATEID_DELEGATION;
}

void file_pair_end(struct file_pair *pair, const struct compound *c);
