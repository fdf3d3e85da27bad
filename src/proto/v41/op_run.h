/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an operation's number to its handler: decode, call.
 */
#pragma once

#include "proto/v41/compound41.h"

/* Decode the arguments of one operation, which the minor version has, and run it.  BADXDR, NOTSUPP
 * for what we have not. */
enum nfsstat4 v41_op_run(struct v41_compound *x, enum nfs_opnum4 op);

/* The operation behind SEQUENCE in a retry of which nothing was kept: never runs it (RFC 8881
 * §2.10.6.1.3). */
enum nfsstat4 v41_op_retried(struct v41_compound *x, enum nfs_opnum4 op);
