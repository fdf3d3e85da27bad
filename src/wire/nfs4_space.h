/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results of READ_PLUS and SEEK (RFC 7862 §15.10, §15.11), by the conventions of nfs4_types.h and
 * nfs4_codec.h; their arguments are in nfs4_minor2.h.  ALLOCATE and DEALLOCATE return a status
 * only.
 */
#pragma once

#include "wire/nfs4_codec.h"

struct data4 {
    uint64_t d_offset;
    struct wire_opaque d_data;
};

struct data_info4 {
    uint64_t di_offset;
    uint64_t di_length;
};

/* Nothing follows any other rpc_content. */
struct read_plus_content {
    enum data_content4 rpc_content;
    union {
        struct data4 rpc_data;
        struct data_info4 rpc_hole;
    };
};

enum {
    WIRE_READ_PLUS_DATA_BYTES = 16, /* encoded, in front of the data */
    WIRE_READ_PLUS_HOLE_BYTES = 20,
};

struct read_plus_res4 {
    bool rpr_eof;
    struct read_plus_content *rpr_contents;
    uint32_t rpr_contents_count;
};

struct seek_res4 {
    bool sr_eof;
    uint64_t sr_offset;
};

bool wire_data4(struct xdr *x, struct data4 *v);
bool wire_data_info4(struct xdr *x, struct data_info4 *v);
bool wire_read_plus_content(struct xdr *x, struct read_plus_content *v);
bool wire_read_plus_res4(struct xdr *x, struct read_plus_res4 *v);
bool wire_seek_res4(struct xdr *x, struct seek_res4 *v);
