/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asynchronous copies (RFC 7862 §4.8), as operations see them: copy_queue.h has the rules.
 * Without callbacks there are none.
 */
#pragma once

#include "proto/compound.h"
#include "wire/nfs4_copy.h"

struct copies;
struct copy_plan;
struct copy_stats;
struct copy_view;
struct stateid;

struct copies *copies_create(struct server *server);

/* No copy runs any more, and none begins.  False: one waits for a file system, and what it uses
 * must stay.  NULL is allowed. */
bool copies_stop(struct copies *copies) MUST_USE;

/* After callback_stop().  NULL is allowed. */
void copies_destroy(struct copies *copies);

/* About once a second: clients that do not know the end of a copy are told again. */
void copies_tick(struct copies *copies, int64_t now_ns);

/* Begin a copy of the saved filehandle to the current one, which have been checked; `reader` is the
 * caller in the source's export.  False: the client can't be called back, or there are too many
 * copies. */
bool copies_begin(const struct compound *c, const struct vfs_cred *reader,
                  const struct copy_plan *plan, struct stateid4 *out) MUST_USE;

/* Count bytes that a request has copied itself. */
void copies_count(const struct compound *c, uint64_t bytes);

/* Of the copy that the stateid names: NOFILEHANDLE, BAD_STATEID, also if the current filehandle is
 * not its target, or its stateid has seqid 0.  Only who began it may cancel it.  Cancelling may
 * wait for a turn: DELAY when that takes too long. */
enum nfsstat4 copies_status(const struct compound *c, const struct stateid4 *in,
                            struct OFFLOAD_STATUS4resok *resok);
enum nfsstat4 copies_cancel(const struct compound *c, const struct stateid4 *in);

/* A walk over all copies, those that have ended lately included: copy_list_next(). */
bool copies_next(struct copies *copies, uint64_t *number, struct copy_view *view) MUST_USE;

/* An administrator ends the copy of this stateid, on which the caller has a reference: its client
 * is told NFS4ERR_IO, as soon as no turn of it runs.  False: it has ended.  Does not wait. */
bool copies_abort(struct stateid *stateid) MUST_USE;

void copies_stats_read(struct copies *copies, struct copy_stats *stats);
