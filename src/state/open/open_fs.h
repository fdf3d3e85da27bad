/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which opens and delegations a file system has, and their revocation by an administrator who takes
 * it away from clients.  They are found by a walk over all stateids, which holds no lock.
 */
#pragma once

#include <stdint.h>

#include "base/check.h"
#include "state/client/client_principal.h"
#include "state/state.h"

struct vfs;

struct open_fs_uses {
    uint32_t clients, opens, delegations; /* of clients: those that have any of them */
};

/* Count those in effect in each of the file systems, in one walk; requests may change them
 * meanwhile.  The clients are counted as far as there is memory.  Closes no file, as an open that
 * ends meanwhile is kept for open_fs_settle(): it may be called with locks. */
void open_fs_count(struct state *state, const struct vfs *const *fs, uint32_t fs_count,
                   struct open_fs_uses *uses);

/* Are there such opens?  Close them: about once a second, without locks. */
bool open_fs_unsettled(struct state *state);
void open_fs_settle(struct state *state);

/* Revoke all of them, with their locks (NFS4ERR_ADMIN_REVOKED).  Returns how many; *left is how
 * many could not be, because the loss cannot be recorded.  May wait for the disk and call backends:
 * without locks of state/. */
uint32_t open_fs_revoke(struct state *state, const struct vfs *fs, uint32_t *left);

/* Who opened a file last, and how well that connection was secured (open_request). */
struct open_fs_opener {
    struct client_principal principal;
    uint8_t transport;
};

/* The same of some clients: `loses_it` is asked for each open and delegation, without locks.
 * `opener`: NULL for a delegation. */
typedef bool open_fs_loses(void *context, uint64_t client, const struct open_fs_opener *opener);
uint32_t open_fs_revoke_of(struct state *state, const struct vfs *fs, open_fs_loses *loses_it,
                           void *context, uint32_t *left);

/* Recall the delegations of directories whose holders are told changes: they are told what they may
 * see as those that they were when they asked (delegation_watch.cred).  Without locks. */
void open_fs_recall_told(struct state *state, const struct vfs *fs);
