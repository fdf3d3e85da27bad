/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The argument values that OPEN supports: one table, which OPEN checks and which the attribute
 * open_arguments reports (RFC 9754 §3).
 */
#pragma once

#include "proto/compound.h"

/* Flags of share_access that 4.2 has, and 4.1 has not (§4, §5). */
#define OPEN_ARGUMENTS_WANTS_MINOR2                                                                \
    (OPEN4_SHARE_ACCESS_WANT_DELEG_TIMESTAMPS | OPEN4_SHARE_ACCESS_WANT_OPEN_XOR_DELEGATION)

/* The value of FATTR4_OPEN_ARGUMENTS in this minor version. */
void open_arguments_get(const struct compound *c, struct open_arguments4 *out);

/* INVAL for invalid share and want bits, NOTSUPP for a claim or create mode that is not
 * supported.  Flags of a higher minor version are wishes in vain. */
enum nfsstat4 open_arguments_check(const struct compound *c, const struct OPEN4args *args);
