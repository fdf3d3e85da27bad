/* SPDX-License-Identifier: Apache-2.0 */
/* A file system in an image, for what only some file systems can do. */
#pragma once

/* Make one of this type ("btrfs", "xfs") and mount it where only this process and its children see
 * it; all of it is gone when they end.  Returns where, or NULL: not possible here.  The path may be
 * written by everybody, and is removed at the exit. */
const char *local_image_mount(const char *type);

/* The contract suite on such an image; the value is for main() to return. */
int local_image_contract_main(const char *type, int argc, char **argv);
