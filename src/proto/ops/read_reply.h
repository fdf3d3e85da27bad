/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the bytes of a file stand in the reply of READ and READ_PLUS: at once in their place, or,
 * when they are many and end the reply, in a descriptor or in memory of the backend until they are
 * sent.
 */
#pragma once

#include "proto/compound.h"

/* As much as was asked for, as is allowed, and as there is room for behind `head_bytes` of the
 * result; false when there is none. */
bool read_reply_length(const struct compound *c, uint32_t count, uint32_t head_bytes,
                       uint32_t *len);

/* May `len` bytes or more of the current file be sent without a copy? */
bool read_reply_tail_fits(const struct compound *c, uint32_t len);

/* The transport sends these bytes of the descriptor, and their padding, behind c->out. */
void read_reply_tail(struct compound *c, int fd, uint64_t offset, uint32_t len);

/* The same of what a backend has lent, `len` bytes.  It goes back when they are sent. */
void read_reply_lent(struct compound *c, struct vfs_lent *lent, uint32_t len);
