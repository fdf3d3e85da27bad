/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of stable storage: made, locked for this process, and the server's lasting name. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    INSTANCE_ID_CHARS = 32
};

/* Make the directory (mode 0700) if it is not there and lock it, so that no two servers share it.
 * Returns a descriptor to keep open, or -1 after telling why on stderr. */
int state_dir_open(const char *path);

/* What state_dir_open() and state_dir_instance_id() would refuse, without making or changing
 * anything; the directory is locked while it is looked at.  *dir: a descriptor to close, or -1: it
 * is not there and can be made.  False after telling why on stderr. */
bool state_dir_check(const char *path, int *dir);

/* The part of a path that is there already: itself, or the nearest directory above it. */
void state_dir_existing(const char *path, char *part, size_t size);

/* A random name made at the first start and the same ever since: server owner and scope
 * (RFC 8881 §2.10.4).  False after telling why on stderr: it is damaged, or missing where there are
 * records of clients, which know this server by that name. */
bool state_dir_instance_id(int dir, char id[INSTANCE_ID_CHARS + 1]);
