/* SPDX-License-Identifier: Apache-2.0 */
/* The calling thread's file system identity. */
#pragma once

#include "backend/local/local_internal.h"

/* Act as `cred` from now on.  VFS_ACCESS: the thread can't.  Not in a server section. */
enum vfs_status local_cred_use(const struct local_fs *fs, const struct vfs_cred *cred);

/* Brackets around what the server does by its own right, whoever the caller is; they nest.  After
 * them the thread acts as before.  errno stays. */
void local_cred_server_begin(const struct local_fs *fs);
void local_cred_server_end(const struct local_fs *fs);

/* Act as the server from now on: for its own threads, and for start and end. */
void local_cred_server(const struct local_fs *fs);

/* NULL: this process can act as its callers and come back.  Otherwise why not, for people; tried
 * on a thread of its own. */
const char *local_cred_obstacle(void);

extern const struct vfs_identity_hooks local_cred_hooks;
