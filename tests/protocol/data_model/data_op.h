/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations of minor version 2 on the data of open files, each a compound on slot 0 of a mount
 * (RFC 7862 §15).  Their results are decoded here, not by src/wire: what the server's encoder does
 * wrong is not to be undone by its inverse.  Each function returns the compound's status, and
 * NFS4ERR_BADXDR for a result that makes no sense.
 */
#pragma once

#include "client/client_file.h"

MUST_USE enum nfsstat4 data_op_allocate(struct client_mount *mount, const struct client_file *file,
                                        uint64_t offset, uint64_t length);
MUST_USE enum nfsstat4 data_op_deallocate(struct client_mount *mount,
                                          const struct client_file *file, uint64_t offset,
                                          uint64_t length);

/* *eof: there is no such content from `offset` on, *at is the end of the file then. */
MUST_USE enum nfsstat4 data_op_seek(struct client_mount *mount, const struct client_file *file,
                                    uint64_t offset, enum data_content4 what, uint64_t *at,
                                    bool *eof);

/* Read at most `len` bytes, zeros where the server tells a hole; *got is the number of both,
 * *hole_bytes that of the latter. */
MUST_USE enum nfsstat4 data_op_read_plus(struct client_mount *mount, const struct client_file *file,
                                         uint64_t offset, void *data, uint32_t len, uint32_t *got,
                                         uint32_t *hole_bytes, bool *eof);

struct data_op_range {
    const struct client_file *from, *to;
    uint64_t from_offset, to_offset, length;
};

MUST_USE enum nfsstat4 data_op_clone(struct client_mount *mount, const struct data_op_range *range);

/* A synchronous copy; *copied may be less than the length. */
MUST_USE enum nfsstat4 data_op_copy(struct client_mount *mount, const struct data_op_range *range,
                                    uint64_t *copied);
