/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What OPEN takes of each argument that has several values: one table, by which OPEN refuses and of
 * which the attribute open_arguments tells (RFC 9754 §3).
 */
#pragma once

#include "wire/nfs4_codec.h"

/* The value of FATTR4_OPEN_ARGUMENTS. */
extern const struct open_arguments4 open_arguments;

/* INVAL for shares and wishes that no OPEN may have, NOTSUPP for a claim or a way to create that is
 * not there. */
enum nfsstat4 open_arguments_check(const struct OPEN4args *args);
