/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a file system in memory, for several tests.  Any thread; ends the test when it fails. */
#pragma once

#include "vfs/vfs.h"

extern const struct vfs_cred mem_files_root; /* who does all this */

struct vfs_name mem_files_name(const char *text);

/* A new file in this directory. */
struct vfs_object *mem_files_make(struct vfs_object *dir, const char *text);

void mem_files_remove(struct vfs_object *dir, const char *text);

void mem_files_resize(struct vfs_object *file, uint64_t size);

/* How many bytes the file system has left. */
uint64_t mem_files_free(struct vfs_object *root);
