/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of the operations new to NFSv4.2 (RFC 7862), by the conventions of nfs4_types.h and
 * nfs4_codec.h.  Those of copies are in nfs4_copy.h. */
#pragma once

#include "wire/nfs4_codec.h"

struct ALLOCATE4args {
    struct stateid4 aa_stateid;
    uint64_t aa_offset;
    uint64_t aa_length;
};

struct DEALLOCATE4args {
    struct stateid4 da_stateid;
    uint64_t da_offset;
    uint64_t da_length;
};

struct IO_ADVISE4args {
    struct stateid4 iaa_stateid;
    uint64_t iaa_offset;
    uint64_t iaa_count;
    struct bitmap4 iaa_hints;
};

struct device_error4 {
    uint8_t de_deviceid[NFS4_DEVICEID4_SIZE];
    enum nfsstat4 de_status;
    enum nfs_opnum4 de_opnum;
};

struct LAYOUTERROR4args {
    uint64_t lea_offset;
    uint64_t lea_length;
    struct stateid4 lea_stateid;
    struct device_error4 *lea_errors;
    uint32_t lea_errors_count;
};

struct io_info4 {
    uint64_t ii_count;
    uint64_t ii_bytes;
};

struct LAYOUTSTATS4args {
    uint64_t lsa_offset;
    uint64_t lsa_length;
    struct stateid4 lsa_stateid;
    struct io_info4 lsa_read;
    struct io_info4 lsa_write;
    uint8_t lsa_deviceid[NFS4_DEVICEID4_SIZE];
    struct layoutupdate4 lsa_layoutupdate;
};

struct READ_PLUS4args {
    struct stateid4 rpa_stateid;
    uint64_t rpa_offset;
    uint32_t rpa_count;
};

struct SEEK4args {
    struct stateid4 sa_stateid;
    uint64_t sa_offset;
    enum data_content4 sa_what;
};

struct app_data_block4 {
    uint64_t adb_offset;
    uint64_t adb_block_size;
    uint64_t adb_block_count;
    uint64_t adb_reloff_blocknum;
    uint32_t adb_block_num;
    uint64_t adb_reloff_pattern;
    struct wire_opaque adb_pattern;
};

struct WRITE_SAME4args {
    struct stateid4 wsa_stateid;
    enum stable_how4 wsa_stable;
    struct app_data_block4 wsa_adb;
};

struct CLONE4args {
    struct stateid4 cl_src_stateid;
    struct stateid4 cl_dst_stateid;
    uint64_t cl_src_offset;
    uint64_t cl_dst_offset;
    uint64_t cl_count;
};

bool wire_ALLOCATE4args(struct xdr *x, struct ALLOCATE4args *v);
bool wire_DEALLOCATE4args(struct xdr *x, struct DEALLOCATE4args *v);
bool wire_IO_ADVISE4args(struct xdr *x, struct IO_ADVISE4args *v);
bool wire_device_error4(struct xdr *x, struct device_error4 *v);
bool wire_LAYOUTERROR4args(struct xdr *x, struct LAYOUTERROR4args *v);
bool wire_io_info4(struct xdr *x, struct io_info4 *v);
bool wire_LAYOUTSTATS4args(struct xdr *x, struct LAYOUTSTATS4args *v);
bool wire_READ_PLUS4args(struct xdr *x, struct READ_PLUS4args *v);
bool wire_SEEK4args(struct xdr *x, struct SEEK4args *v);
bool wire_app_data_block4(struct xdr *x, struct app_data_block4 *v);
bool wire_WRITE_SAME4args(struct xdr *x, struct WRITE_SAME4args *v);
bool wire_CLONE4args(struct xdr *x, struct CLONE4args *v);
