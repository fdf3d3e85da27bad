/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of file system a path is on, as far as that matters to those who start the server. */
#pragma once

#include <stdbool.h>

enum file_system_kind {
    FILE_SYSTEM_USUAL,  /* of a disk; or unknown */
    FILE_SYSTEM_MEMORY, /* gone when the machine ends */
    FILE_SYSTEM_LAYERS, /* overlay: that of a container, or of a live system */
    FILE_SYSTEM_FUSE,
    FILE_SYSTEM_REMOTE, /* of another server */
};

/* FILE_SYSTEM_USUAL also if it cannot be seen. */
enum file_system_kind file_system_of(const char *path);

/* "tmpfs", "nfs"; "" for those of FILE_SYSTEM_USUAL. */
const char *file_system_name(const char *path);

/* Is it mounted read-only, as systemd does for services? */
bool file_system_is_read_only(const char *path);
