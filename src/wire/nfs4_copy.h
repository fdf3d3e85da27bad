/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments and results of the operations that copy on the server (RFC 7862 §4), by the conventions
 * of nfs4_types.h and nfs4_codec.h.
 */
#pragma once

#include "wire/nfs4_codec.h"

struct netloc4 {
    enum netloc_type4 nl_type;
    union {
        struct wire_opaque nl_name;
        struct wire_opaque nl_url;
        struct netaddr4 nl_addr;
    };
};

struct COPY4args {
    struct stateid4 ca_src_stateid;
    struct stateid4 ca_dst_stateid;
    uint64_t ca_src_offset;
    uint64_t ca_dst_offset;
    uint64_t ca_count;
    bool ca_consecutive;
    bool ca_synchronous;
    struct netloc4 *ca_source_server;
    uint32_t ca_source_server_count;
};

struct COPY_NOTIFY4args {
    struct stateid4 cna_src_stateid;
    struct netloc4 cna_destination_server;
};

struct OFFLOAD_CANCEL4args {
    struct stateid4 oca_stateid;
};

struct OFFLOAD_STATUS4args {
    struct stateid4 osa_stateid;
};

/* RFC 7862 §15.2.2; also of WRITE_SAME and CB_OFFLOAD. */
struct write_response4 {
    struct stateid4 *wr_callback_id;
    uint32_t wr_callback_id_count; /* 1: asynchronous */
    uint64_t wr_count;
    enum stable_how4 wr_committed;
    uint8_t wr_writeverf[NFS4_VERIFIER_SIZE];
};

struct copy_requirements4 {
    bool cr_consecutive;
    bool cr_synchronous;
};

struct COPY4resok {
    struct write_response4 cr_response;
    struct copy_requirements4 cr_requirements;
};

struct OFFLOAD_STATUS4resok {
    uint64_t osr_count;
    enum nfsstat4 *osr_complete;
    uint32_t osr_complete_count; /* 1: it has ended with this status */
};

bool wire_netloc4(struct xdr *x, struct netloc4 *v);
bool wire_COPY4args(struct xdr *x, struct COPY4args *v);
bool wire_COPY_NOTIFY4args(struct xdr *x, struct COPY_NOTIFY4args *v);
bool wire_OFFLOAD_CANCEL4args(struct xdr *x, struct OFFLOAD_CANCEL4args *v);
bool wire_OFFLOAD_STATUS4args(struct xdr *x, struct OFFLOAD_STATUS4args *v);
bool wire_write_response4(struct xdr *x, struct write_response4 *v);
bool wire_copy_requirements4(struct xdr *x, struct copy_requirements4 *v);
bool wire_COPY4resok(struct xdr *x, struct COPY4resok *v);
bool wire_OFFLOAD_STATUS4resok(struct xdr *x, struct OFFLOAD_STATUS4resok *v);
