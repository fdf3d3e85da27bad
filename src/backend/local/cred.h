/* SPDX-License-Identifier: Apache-2.0 */
/* The calling thread's file system identity. */
#pragma once

#include "backend/local/local_internal.h"

/* Act as `cred` from now on.  VFS_ACCESS: the thread can't.  Not within a server section. */
enum vfs_status local_cred_use(const struct local_fs *fs, const struct vfs_cred *cred);

/* Enclose what the server does in its own right, whoever the caller is.  May be nested.  Afterwards
 * the thread acts as before.  errno is preserved. */
void local_cred_server_begin(const struct local_fs *fs);
void local_cred_server_end(const struct local_fs *fs);

/* Act as the server from now on: for the server's own threads, and at start and end. */
void local_cred_server(const struct local_fs *fs);

/* NULL: this process can act as its callers and switch back.  Otherwise says why not.  Tried on a
 * separate thread. */
const char *local_cred_obstacle(void);

extern const struct vfs_identity_hooks local_cred_hooks;
