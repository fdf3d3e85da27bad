/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an operation's number to its handler: decode, find the client that sent it, call.
 */
#pragma once

#include "proto/v40/compound40.h"

/* Does it take an owner's seqid, so that its own result is kept for a retry? */
bool v40_op_in_sequence(enum nfs_opnum4 op);

/* Decode the arguments of one operation and run it.  BADXDR, OP_ILLEGAL for what minor version 0
 * does not have. */
enum nfsstat4 v40_op_run(struct v40_compound *x, enum nfs_opnum4 op);
