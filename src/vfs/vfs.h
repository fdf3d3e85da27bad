/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backend interface: what a file system must do to be served, and nothing else.  This header
 * is all of it, for backends and for those that use them; others include the part they need.
 *
 * A backend gives out reference-counted objects (files, directories, ...) that know their own
 * persistent handle.  All calls are synchronous; a call that may sleep announces that itself
 * (vfs_blocking_begin/end) so that the worker's other connections go on elsewhere.  Every call
 * may come from any thread at any time; a backend locks for itself.  No layer above this one
 * knows a backend's name: it asks `caps`.
 *
 * Permission: every call takes the caller's credentials and the backend enforces them (a local
 * directory lets the kernel do it).  The exceptions are read, write, commit and the like on an
 * object: those trust that the caller got access by vfs open() or access() before, as POSIX
 * does with an open file.
 */
#pragma once

#include "vfs/vfs_attr.h"
#include "vfs/vfs_blocking.h"
#include "vfs/vfs_identity.h"
#include "vfs/vfs_lease.h"
#include "vfs/vfs_object.h"
#include "vfs/vfs_ops.h"
#include "vfs/vfs_request.h"
#include "vfs/vfs_shortage.h"
#include "vfs/vfs_status.h"
