/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of handlers that minor version 0 does not have, as those it has (RFC 7530 §13.1). */
#pragma once

#include "wire/nfs4_const.h"

enum nfsstat4 v40_status(enum nfs_opnum4 op, enum nfsstat4 status);
