/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A few bytes in the state directory that must never change or be lost: the server's identity, and
 * the key of its filehandles.
 *
 * They are stored twice, in NAME and NAME.copy, each with a checksum.  If one file is damaged or
 * missing it is restored from the other.  The content is written once and never changes.
 *
 * One process at a time uses the directory; its threads must not load the same name concurrently.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

enum {
    STATE_FILE_BYTES_MAX = 64 /* per content */
};

enum state_file_status {
    STATE_FILE_WHOLE,   /* the content was read, possibly from only one of the files */
    STATE_FILE_ABSENT,  /* neither file exists */
    STATE_FILE_DAMAGED, /* no file has valid content; nothing was changed */
};

/* Read the content of NAME, exactly `len` bytes, in the directory `dir`.  If only one file is
 * damaged or missing, it is rewritten, which is logged.  A file of `len` bytes without a checksum,
 * written by an older server, is accepted, and gets a checksum and a copy.  STATE_FILE_DAMAGED:
 * `error` has the reason, which begins with the file's name. */
enum state_file_status state_file_load(int dir, const char *name, void *content, size_t len,
                                       char *error, size_t size) MUST_USE;

/* The same, without writing: a damaged or missing file is not restored. */
enum state_file_status state_file_peek(int dir, const char *name, void *content, size_t len,
                                       char *error, size_t size) MUST_USE;

/* Write both files, durably.  False and errno. */
bool state_file_store(int dir, const char *name, const void *content, size_t len) MUST_USE;
