/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backend interface: what a file system must do to be served, and nothing else.  This header
 * is all of it, for backends and for those that use them; others include the part they need.
 *
 * A backend returns reference-counted objects (files, directories, ...)  that know their own
 * persistent handle.  All calls are synchronous.  A call that may block announces that itself
 * (vfs_blocking_begin/end), so that another thread can serve the worker's other connections.  Any
 * call may come from any thread at any time; a backend does its own locking.  No layer above this
 * one depends on a backend's name: it checks `caps`.
 *
 * Permission: each call gets the caller's credentials, and the backend enforces them (a local
 * directory relies on the kernel).  Exceptions are read, write, commit and similar calls on an
 * object: they rely on an earlier vfs open() or access(), as POSIX does for open files.
 */
#pragma once

#include "vfs/vfs_attr.h"
#include "vfs/vfs_blocking.h"
#include "vfs/vfs_change.h"
#include "vfs/vfs_identity.h"
#include "vfs/vfs_lease.h"
#include "vfs/vfs_memo.h"
#include "vfs/vfs_object.h"
#include "vfs/vfs_ops.h"
#include "vfs/vfs_read_plus.h"
#include "vfs/vfs_request.h"
#include "vfs/vfs_shortage.h"
#include "vfs/vfs_status.h"
