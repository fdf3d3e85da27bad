/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes (RFC 8276), by the conventions of nfs4_types.h and nfs4_codec.h.
 */
#pragma once

#include "wire/nfs4_codec.h"

struct GETXATTR4args {
    struct wire_opaque gxa_name;
};

struct GETXATTR4resok {
    struct wire_opaque gxr_value;
};

struct SETXATTR4args {
    enum setxattr_option4 sxa_option;
    struct wire_opaque sxa_key;
    struct wire_opaque sxa_value;
};

struct SETXATTR4resok {
    struct change_info4 sxr_info;
};

struct LISTXATTRS4args {
    uint64_t lxa_cookie;
    uint32_t lxa_maxcount;
};

struct LISTXATTRS4resok {
    uint64_t lxr_cookie;
    uint32_t lxr_names_count;
    struct wire_opaque *lxr_names;
    bool lxr_eof;
};

struct REMOVEXATTR4args {
    struct wire_opaque rxa_name;
};

struct REMOVEXATTR4resok {
    struct change_info4 rxr_info;
};

bool wire_GETXATTR4args(struct xdr *x, struct GETXATTR4args *v);
bool wire_GETXATTR4resok(struct xdr *x, struct GETXATTR4resok *v);
bool wire_SETXATTR4args(struct xdr *x, struct SETXATTR4args *v);
bool wire_SETXATTR4resok(struct xdr *x, struct SETXATTR4resok *v);
bool wire_LISTXATTRS4args(struct xdr *x, struct LISTXATTRS4args *v);
bool wire_LISTXATTRS4resok(struct xdr *x, struct LISTXATTRS4resok *v);
bool wire_REMOVEXATTR4args(struct xdr *x, struct REMOVEXATTR4args *v);
bool wire_REMOVEXATTR4resok(struct xdr *x, struct REMOVEXATTR4resok *v);
