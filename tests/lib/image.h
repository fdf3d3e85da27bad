/* SPDX-License-Identifier: Apache-2.0 */
/* File systems in images, for what only some file systems can do. */
#pragma once

/* Make one of this type ("btrfs", "xfs") and mount it where only this process and its children see
 * it; all of it is gone when they end.  Returns where, or NULL: not possible here.  Everybody may
 * write there.  The text is valid for good. */
const char *image_mount(const char *type);

/* The reason of a skipped test. */
#define IMAGE_NEEDED(type) "cannot mount an image of " type " here"
