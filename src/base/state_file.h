/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A few bytes of the state directory that must never change or get lost: the server's name, the key
 * of its filehandles.
 *
 * They are kept twice, in NAME and NAME.copy, each with a checksum.  One damaged or missing file is
 * recovered from the other.  The content itself is written once and stays the same.
 *
 * One process at a time uses the directory; its threads may not load one name concurrently.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

enum {
    STATE_FILE_BYTES_MAX = 64 /* of a content */
};

enum state_file_status {
    STATE_FILE_WHOLE,   /* the content was read, perhaps from only one of the files */
    STATE_FILE_ABSENT,  /* neither file is there */
    STATE_FILE_DAMAGED, /* no file has a content that can be trusted; nothing was changed */
};

/* Read the content, of exactly `len` bytes, of NAME in the directory `dir`.  A damaged or missing
 * file beside a whole one is written anew and logged.  A file of `len` bytes without a checksum, as
 * older servers made it, is taken as it is and gets its checksum and its copy now.
 * STATE_FILE_DAMAGED: the reason, which begins with the file's name, is at `error`. */
enum state_file_status state_file_load(int dir, const char *name, void *content, size_t len,
                                       char *error, size_t size) MUST_USE;

/* The same, and writes nothing: a file that is damaged or missing stays so. */
enum state_file_status state_file_peek(int dir, const char *name, void *content, size_t len,
                                       char *error, size_t size) MUST_USE;

/* Write both files, durably.  False: errno says why. */
bool state_file_store(int dir, const char *name, const void *content, size_t len) MUST_USE;
