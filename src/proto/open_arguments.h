/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The argument values that OPEN supports: one table, which OPEN checks and which the attribute
 * open_arguments reports (RFC 9754 §3).
 */
#pragma once

#include "wire/nfs4_codec.h"

/* The value of FATTR4_OPEN_ARGUMENTS. */
extern const struct open_arguments4 open_arguments;

/* INVAL for invalid share and want bits, NOTSUPP for a claim or create mode that is not
 * supported. */
enum nfsstat4 open_arguments_check(const struct OPEN4args *args);
