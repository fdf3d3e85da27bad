/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of stable storage: creates it, locks it for this process, and keeps the server's
 * persistent identity in it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct config;

enum {
    INSTANCE_ID_CHARS = 32
};

/* Tell on stderr what is wrong with the directory, and who names it: a line of the configuration
 * file, or the command line. */
void state_dir_complain(const struct config *config, const char *what);

/* Create the directory (mode 0700) if it does not exist, and lock it, so that no two servers share
 * it.  Returns a descriptor to keep open, or -1 after an error message. */
int state_dir_open(const struct config *config);

/* Is it, or can it be made, a directory that this process can write to?  False: `error` names it
 * and says what is wrong.  Changes and locks nothing. */
bool state_dir_look(const char *path, char *error, size_t size);

/* Would state_dir_open() and state_dir_instance_id() fail?  Changes nothing; the directory is
 * locked during the check. *dir is a descriptor to close, or -1 if the directory does not exist but
 * can be created.  False after an error message. */
bool state_dir_check(const struct config *config, int *dir);

/* The part of a path that exists: the path itself, or its nearest existing parent. */
void state_dir_existing(const char *path, char *part, size_t size);

/* A random ID, created at the first start and permanent: server owner and scope (RFC 8881 §2.10.4).
 * False after an error message: it is damaged, or it is missing although there are records of
 * clients, which know the server by this ID. */
bool state_dir_instance_id(const struct config *config, int dir, char id[INSTANCE_ID_CHARS + 1]);
