/* SPDX-License-Identifier: Apache-2.0 */
/* The names of NFS errors. */
#pragma once

#include "wire/nfs4_const.h"

/* "NFS4ERR_STALE", or "unknown". */
const char *status_name(enum nfsstat4 status);
