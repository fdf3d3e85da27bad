/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One READ_PLUS (RFC 7862 §15.10): a range of a file as a list of parts, data and holes, which
 * follow each other without a gap.  Backends build the list by the functions below, from the front
 * to the back.
 *
 * The bytes of data parts stand in the buffer where the reply needs them: in front of each part
 * there is room for what the reply says of it, and each one begins at a multiple of four.  Since a
 * hole that is told is longer than all that is said of it and of the data behind it, `len` bytes
 * and the room for the first part suffice.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

struct vfs_read_plus_part {
    uint64_t offset; /* in the file */
    uint32_t len;    /* not 0 */
    bool hole;
    uint8_t *data; /* NULL: a hole, or the data are in `fd` */
};

/* In: offset, len, fd_ok, buf, hole_room and data_room; the range ends at 2^63 - 1 at most.  Out:
 * the parts, eof, and fd.  If fd >= 0, it has the bytes of the last part, which is data: see struct
 * vfs_read.  Each part was what it is said to be at some moment of the call.  No parts: `offset` is
 * at or behind the end of the file, or `len` is 0. */
struct vfs_read_plus {
    uint64_t offset;
    uint32_t len;
    uint32_t hole_room, data_room; /* in front of a part: bytes, multiples of four */
    uint8_t *buf;
    bool fd_ok;
    bool eof;
    int fd;
    uint32_t count;
    struct vfs_read_plus_part parts[LIMIT_READ_PLUS_PARTS];
};

/* To be called first. */
void vfs_read_plus_begin(struct vfs_read_plus *io);

/* How many bytes the parts have. */
uint64_t vfs_read_plus_len(const struct vfs_read_plus *io);

/* There is no room for another hole: the rest of the range must be data. */
bool vfs_read_plus_full(const struct vfs_read_plus *io);

/* Append a hole, from its beginning to its end or those of the range.  It becomes zeros if it is
 * short, or if there is no room for it. */
void vfs_read_plus_hole(struct vfs_read_plus *io, uint32_t len);

/* Append `len` bytes of data, and return where the caller puts them. */
uint8_t *vfs_read_plus_data(struct vfs_read_plus *io, uint32_t len);

/* The last `len` bytes that vfs_read_plus_data() appended do not exist. */
void vfs_read_plus_cut(struct vfs_read_plus *io, uint32_t len);

/* Append the last part: io->fd has its bytes. */
void vfs_read_plus_fd(struct vfs_read_plus *io, uint32_t len);
