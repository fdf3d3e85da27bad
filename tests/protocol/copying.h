/* SPDX-License-Identifier: Apache-2.0 */
/* COPY and what belongs to it (RFC 7862 §4), for tests of copies on the server. */
#pragma once

#include "script.h"

#define COPYING_MIB ((uint64_t)1 << 20)

/* One COPY.  The files are open, unless a stateid says otherwise. */
struct copying {
    struct client_fh from, to;
    struct stateid4 from_stateid, to_stateid;
    uint64_t from_offset, to_offset, count;
    bool consecutive, asynchronous; /* may it be? */
};

/* Of all of one open file to the beginning of another. */
struct copying copying_all(const struct client_file *from, const struct client_file *to);

/* Begin its compound; add the operation alone. */
void copying_begin(struct client_mount *mount, const struct copying *copying);
void copying_op(const struct copying *copying);

/* Call it with this result; with NFS4_OK it was synchronous, and the number of bytes that were
 * copied is returned. */
#define copying_run(mount, copying, status) copying_call(mount, copying, status, __FILE__, __LINE__)
uint64_t copying_call(struct client_mount *mount, const struct copying *copying,
                      enum nfsstat4 status, const char *file, int line);

/* Fill a file with bytes that depend on their place and on `seed`; the same of memory. */
void copying_fill(struct client_mount *mount, const struct client_file *file, uint64_t offset,
                  uint64_t length, uint32_t seed);
void copying_pattern(uint8_t *data, uint64_t offset, size_t length, uint32_t seed);

/* Must the range have the bytes that were filled in at `source` with that seed? */
void copying_expect(struct client_mount *mount, const struct client_fh *fh, uint64_t offset,
                    uint64_t length, uint64_t source, uint32_t seed);
void copying_expect_zeros(struct client_mount *mount, const struct client_fh *fh, uint64_t offset,
                          uint64_t length);
uint64_t copying_size(struct client_mount *mount, const struct client_fh *fh);
