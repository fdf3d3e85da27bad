/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The types of NFSv4.0 and 4.1 as C structs, under their RFC names (RFC 5662, RFC 7531).
 *
 * Opaques and strings are struct wire_opaque and point into the buffer they were decoded from; an
 * array `x<>` is a pointer `x` with `x_count`, from the arena; a union is its discriminant followed
 * by an anonymous union of its arms.  Filters are in nfs4_codec.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "wire/nfs4_const.h"
#include "wire/rpc_msg.h"
#include "wire/xdr.h"

/* Attribute numbers 0..95; `count` is the number of words that may be non-zero.  Decoded: `beyond`
 * tells that there were higher numbers, too. */
struct bitmap4 {
    uint32_t count;
    uint32_t words[LIMIT_BITMAP_WORDS];
    bool beyond;
};

static inline bool bitmap4_isset(const struct bitmap4 *map, uint32_t bit)
{
    return bit / 32 < LIMIT_BITMAP_WORDS && (map->words[bit / 32] >> (bit % 32) & 1);
}

static inline void bitmap4_set(struct bitmap4 *map, uint32_t bit)
{
    map->words[bit / 32] |= 1u << (bit % 32);
    if (map->count < bit / 32 + 1)
        map->count = bit / 32 + 1;
}

static inline void bitmap4_clear(struct bitmap4 *map, uint32_t bit)
{
    map->words[bit / 32] &= ~(1u << (bit % 32));
}

struct nfs_fh4 {
    const uint8_t *data;
    uint32_t len;
};

struct nfstime4 {
    int64_t seconds;
    uint32_t nseconds;
};

struct settime4 {
    enum time_how4 set_it;
    union {
        struct nfstime4 time;
    };
};

struct fsid4 {
    uint64_t major;
    uint64_t minor;
};

struct change_policy4 {
    uint64_t cp_major;
    uint64_t cp_minor;
};

struct nfsace4 {
    uint32_t type;
    uint32_t flag;
    uint32_t access_mask;
    struct wire_opaque who;
};

struct mode_masked4 {
    uint32_t mm_value_to_set;
    uint32_t mm_mask_bits;
};

struct specdata4 {
    uint32_t specdata1;
    uint32_t specdata2;
};

struct netaddr4 {
    struct wire_opaque na_r_netid;
    struct wire_opaque na_r_addr;
};

struct nfs_impl_id4 {
    struct wire_opaque nii_domain;
    struct wire_opaque nii_name;
    struct nfstime4 nii_date;
};

struct stateid4 {
    uint32_t seqid;
    uint8_t other[NFS4_OTHER_SIZE];
};

struct layout_content4 {
    enum layouttype4 loc_type;
    struct wire_opaque loc_body;
};

struct layout4 {
    uint64_t lo_offset;
    uint64_t lo_length;
    enum layoutiomode4 lo_iomode;
    struct layout_content4 lo_content;
};

struct device_addr4 {
    enum layouttype4 da_layout_type;
    struct wire_opaque da_addr_body;
};

struct layoutupdate4 {
    enum layouttype4 lou_type;
    struct wire_opaque lou_body;
};

struct layoutreturn_file4 {
    uint64_t lrf_offset;
    uint64_t lrf_length;
    struct stateid4 lrf_stateid;
    struct wire_opaque lrf_body;
};

struct layoutreturn4 {
    enum layoutreturn_type4 lr_returntype;
    union {
        struct layoutreturn_file4 lr_layout;
    };
};

struct fattr4 {
    struct bitmap4 attrmask;
    struct wire_opaque attr_vals;
};

struct change_info4 {
    bool atomic;
    uint64_t before;
    uint64_t after;
};

struct cb_client4 {
    uint32_t cb_program;
    struct netaddr4 cb_location;
};

struct nfs_client_id4 {
    uint8_t verifier[NFS4_VERIFIER_SIZE];
    struct wire_opaque id;
};

struct client_owner4 {
    uint8_t co_verifier[NFS4_VERIFIER_SIZE];
    struct wire_opaque co_ownerid;
};

struct server_owner4 {
    uint64_t so_minor_id;
    struct wire_opaque so_major_id;
};

struct state_owner4 {
    uint64_t clientid;
    struct wire_opaque owner;
};

struct ACCESS4args {
    uint32_t access;
};

struct ACCESS4resok {
    uint32_t supported;
    uint32_t access;
};

struct CLOSE4args {
    uint32_t seqid;
    struct stateid4 open_stateid;
};

/* RFC 7530 and 5662 have CLOSE's result as a bare stateid4. */
struct CLOSE4resok {
    struct stateid4 open_stateid;
};

struct COMMIT4args {
    uint64_t offset;
    uint32_t count;
};

struct COMMIT4resok {
    uint8_t writeverf[NFS4_VERIFIER_SIZE];
};

struct createtype4 {
    enum nfs_ftype4 type;
    union {
        struct wire_opaque linkdata;
        struct specdata4 devdata;
    };
};

struct CREATE4args {
    struct createtype4 objtype;
    struct wire_opaque objname;
    struct fattr4 createattrs;
};

struct CREATE4resok {
    struct change_info4 cinfo;
    struct bitmap4 attrset;
};

struct DELEGPURGE4args {
    uint64_t clientid;
};

struct DELEGRETURN4args {
    struct stateid4 deleg_stateid;
};

struct GETATTR4args {
    struct bitmap4 attr_request;
};

struct GETATTR4resok {
    struct fattr4 obj_attributes;
};

struct GETFH4resok {
    struct nfs_fh4 object;
};

struct LINK4args {
    struct wire_opaque newname;
};

struct LINK4resok {
    struct change_info4 cinfo;
};

struct open_to_lock_owner4 {
    uint32_t open_seqid;
    struct stateid4 open_stateid;
    uint32_t lock_seqid;
    struct state_owner4 lock_owner;
};

struct exist_lock_owner4 {
    struct stateid4 lock_stateid;
    uint32_t lock_seqid;
};

struct locker4 {
    bool new_lock_owner;
    union {
        struct open_to_lock_owner4 open_owner;
        struct exist_lock_owner4 lock_owner;
    };
};

struct LOCK4args {
    enum nfs_lock_type4 locktype;
    bool reclaim;
    uint64_t offset;
    uint64_t length;
    struct locker4 locker;
};

struct LOCK4denied {
    uint64_t offset;
    uint64_t length;
    enum nfs_lock_type4 locktype;
    struct state_owner4 owner;
};

struct LOCK4resok {
    struct stateid4 lock_stateid;
};

struct LOCKT4args {
    enum nfs_lock_type4 locktype;
    uint64_t offset;
    uint64_t length;
    struct state_owner4 owner;
};

struct LOCKU4args {
    enum nfs_lock_type4 locktype;
    uint32_t seqid;
    struct stateid4 lock_stateid;
    uint64_t offset;
    uint64_t length;
};

/* A bare stateid4 in the RFC. */
struct LOCKU4resok {
    struct stateid4 lock_stateid;
};

struct LOOKUP4args {
    struct wire_opaque objname;
};

struct NVERIFY4args {
    struct fattr4 obj_attributes;
};

struct creatverfattr {
    uint8_t cva_verf[NFS4_VERIFIER_SIZE];
    struct fattr4 cva_attrs;
};

struct createhow4 {
    enum createmode4 mode;
    union {
        struct fattr4 createattrs;
        uint8_t createverf[NFS4_VERIFIER_SIZE];
        struct creatverfattr ch_createboth;
    };
};

struct openflag4 {
    enum opentype4 opentype;
    union {
        struct createhow4 how;
    };
};

struct nfs_modified_limit4 {
    uint32_t num_blocks;
    uint32_t bytes_per_block;
};

struct nfs_space_limit4 {
    enum limit_by4 limitby;
    union {
        uint64_t filesize;
        struct nfs_modified_limit4 mod_blocks;
    };
};

struct open_claim_delegate_cur4 {
    struct stateid4 delegate_stateid;
    struct wire_opaque file;
};

struct open_claim4 {
    enum open_claim_type4 claim;
    union {
        struct wire_opaque file;
        enum open_delegation_type4 delegate_type;
        struct open_claim_delegate_cur4 delegate_cur_info;
        struct wire_opaque file_delegate_prev;
        struct stateid4 oc_delegate_stateid;
    };
};

struct OPEN4args {
    uint32_t seqid;
    uint32_t share_access;
    uint32_t share_deny;
    struct state_owner4 owner;
    struct openflag4 openhow;
    struct open_claim4 claim;
};

/* Which values of OPEN's arguments a server takes (RFC 9754 §3): bitmaps of them. */
struct open_arguments4 {
    struct bitmap4 oa_share_access;
    struct bitmap4 oa_share_deny;
    struct bitmap4 oa_share_access_want;
    struct bitmap4 oa_open_claim;
    struct bitmap4 oa_create_mode;
};

struct open_read_delegation4 {
    struct stateid4 stateid;
    bool recall;
    struct nfsace4 permissions;
};

struct open_write_delegation4 {
    struct stateid4 stateid;
    bool recall;
    struct nfs_space_limit4 space_limit;
    struct nfsace4 permissions;
};

struct open_none_delegation4 {
    enum why_no_delegation4 ond_why;
    union {
        bool ond_server_will_push_deleg;
        bool ond_server_will_signal_avail;
    };
};

struct open_delegation4 {
    enum open_delegation_type4 delegation_type;
    union {
        struct open_read_delegation4 read;
        struct open_write_delegation4 write;
        struct open_none_delegation4 od_whynone;
    };
};

struct OPEN4resok {
    struct stateid4 stateid;
    struct change_info4 cinfo;
    uint32_t rflags;
    struct bitmap4 attrset;
    struct open_delegation4 delegation;
};

struct OPENATTR4args {
    bool createdir;
};

struct OPEN_CONFIRM4args {
    struct stateid4 open_stateid;
    uint32_t seqid;
};

struct OPEN_CONFIRM4resok {
    struct stateid4 open_stateid;
};

struct OPEN_DOWNGRADE4args {
    struct stateid4 open_stateid;
    uint32_t seqid;
    uint32_t share_access;
    uint32_t share_deny;
};

struct OPEN_DOWNGRADE4resok {
    struct stateid4 open_stateid;
};

struct PUTFH4args {
    struct nfs_fh4 object;
};

struct READ4args {
    struct stateid4 stateid;
    uint64_t offset;
    uint32_t count;
};

struct READ4resok {
    bool eof;
    struct wire_opaque data;
};

struct READDIR4args {
    uint64_t cookie;
    uint8_t cookieverf[NFS4_VERIFIER_SIZE];
    uint32_t dircount;
    uint32_t maxcount;
    struct bitmap4 attr_request;
};

struct entry4 {
    uint64_t cookie;
    struct wire_opaque name;
    struct fattr4 attrs;
    struct entry4 *nextentry;
};

struct dirlist4 {
    struct entry4 *entries;
    bool eof;
};

struct READDIR4resok {
    uint8_t cookieverf[NFS4_VERIFIER_SIZE];
    struct dirlist4 reply;
};

struct READLINK4resok {
    struct wire_opaque link;
};

struct REMOVE4args {
    struct wire_opaque target;
};

struct REMOVE4resok {
    struct change_info4 cinfo;
};

struct RENAME4args {
    struct wire_opaque oldname;
    struct wire_opaque newname;
};

struct RENAME4resok {
    struct change_info4 source_cinfo;
    struct change_info4 target_cinfo;
};

struct RENEW4args {
    uint64_t clientid;
};

struct SECINFO4args {
    struct wire_opaque name;
};

struct rpcsec_gss_info {
    struct wire_opaque oid;
    uint32_t qop;
    enum rpc_gss_svc_t service;
};

struct secinfo4 {
    uint32_t flavor;
    union {
        struct rpcsec_gss_info flavor_info;
    };
};

/* A bare secinfo4<> in the RFC. */
struct SECINFO4resok {
    struct secinfo4 *flavors;
    uint32_t flavors_count;
};

struct SETATTR4args {
    struct stateid4 stateid;
    struct fattr4 obj_attributes;
};

struct SETCLIENTID4args {
    struct nfs_client_id4 client;
    struct cb_client4 callback;
    uint32_t callback_ident;
};

struct SETCLIENTID4resok {
    uint64_t clientid;
    uint8_t setclientid_confirm[NFS4_VERIFIER_SIZE];
};

struct SETCLIENTID_CONFIRM4args {
    uint64_t clientid;
    uint8_t setclientid_confirm[NFS4_VERIFIER_SIZE];
};

struct VERIFY4args {
    struct fattr4 obj_attributes;
};

struct WRITE4args {
    struct stateid4 stateid;
    uint64_t offset;
    enum stable_how4 stable;
    struct wire_opaque data;
};

struct WRITE4resok {
    uint32_t count;
    enum stable_how4 committed;
    uint8_t writeverf[NFS4_VERIFIER_SIZE];
};

struct RELEASE_LOCKOWNER4args {
    struct state_owner4 lock_owner;
};

struct gss_cb_handles4 {
    enum rpc_gss_svc_t gcbp_service;
    struct wire_opaque gcbp_handle_from_server;
    struct wire_opaque gcbp_handle_from_client;
};

struct callback_sec_parms4 {
    uint32_t cb_secflavor;
    union {
        struct authsys_parms cbsp_sys_cred;
        struct gss_cb_handles4 cbsp_gss_handles;
    };
};

struct BACKCHANNEL_CTL4args {
    uint32_t bca_cb_program;
    struct callback_sec_parms4 *bca_sec_parms;
    uint32_t bca_sec_parms_count;
};

struct BIND_CONN_TO_SESSION4args {
    uint8_t bctsa_sessid[NFS4_SESSIONID_SIZE];
    enum channel_dir_from_client4 bctsa_dir;
    bool bctsa_use_conn_in_rdma_mode;
};

struct BIND_CONN_TO_SESSION4resok {
    uint8_t bctsr_sessid[NFS4_SESSIONID_SIZE];
    enum channel_dir_from_server4 bctsr_dir;
    bool bctsr_use_conn_in_rdma_mode;
};

struct state_protect_ops4 {
    struct bitmap4 spo_must_enforce;
    struct bitmap4 spo_must_allow;
};

struct ssv_sp_parms4 {
    struct state_protect_ops4 ssp_ops;
    struct wire_opaque *ssp_hash_algs;
    uint32_t ssp_hash_algs_count;
    struct wire_opaque *ssp_encr_algs;
    uint32_t ssp_encr_algs_count;
    uint32_t ssp_window;
    uint32_t ssp_num_gss_handles;
};

struct state_protect4_a {
    enum state_protect_how4 spa_how;
    union {
        struct state_protect_ops4 spa_mach_ops;
        struct ssv_sp_parms4 spa_ssv_parms;
    };
};

struct EXCHANGE_ID4args {
    struct client_owner4 eia_clientowner;
    uint32_t eia_flags;
    struct state_protect4_a eia_state_protect;
    struct nfs_impl_id4 *eia_client_impl_id;
    uint32_t eia_client_impl_id_count;
};

struct ssv_prot_info4 {
    struct state_protect_ops4 spi_ops;
    uint32_t spi_hash_alg;
    uint32_t spi_encr_alg;
    uint32_t spi_ssv_len;
    uint32_t spi_window;
    struct wire_opaque *spi_handles;
    uint32_t spi_handles_count;
};

struct state_protect4_r {
    enum state_protect_how4 spr_how;
    union {
        struct state_protect_ops4 spr_mach_ops;
        struct ssv_prot_info4 spr_ssv_info;
    };
};

struct EXCHANGE_ID4resok {
    uint64_t eir_clientid;
    uint32_t eir_sequenceid;
    uint32_t eir_flags;
    struct state_protect4_r eir_state_protect;
    struct server_owner4 eir_server_owner;
    struct wire_opaque eir_server_scope;
    struct nfs_impl_id4 *eir_server_impl_id;
    uint32_t eir_server_impl_id_count;
};

struct channel_attrs4 {
    uint32_t ca_headerpadsize;
    uint32_t ca_maxrequestsize;
    uint32_t ca_maxresponsesize;
    uint32_t ca_maxresponsesize_cached;
    uint32_t ca_maxoperations;
    uint32_t ca_maxrequests;
    uint32_t ca_rdma_ird[1]; /* so that the struct can be copied */
    uint32_t ca_rdma_ird_count;
};

struct CREATE_SESSION4args {
    uint64_t csa_clientid;
    uint32_t csa_sequence;
    uint32_t csa_flags;
    struct channel_attrs4 csa_fore_chan_attrs;
    struct channel_attrs4 csa_back_chan_attrs;
    uint32_t csa_cb_program;
    struct callback_sec_parms4 *csa_sec_parms;
    uint32_t csa_sec_parms_count;
};

struct CREATE_SESSION4resok {
    uint8_t csr_sessionid[NFS4_SESSIONID_SIZE];
    uint32_t csr_sequence;
    uint32_t csr_flags;
    struct channel_attrs4 csr_fore_chan_attrs;
    struct channel_attrs4 csr_back_chan_attrs;
};

struct DESTROY_SESSION4args {
    uint8_t dsa_sessionid[NFS4_SESSIONID_SIZE];
};

struct FREE_STATEID4args {
    struct stateid4 fsa_stateid;
};

struct GET_DIR_DELEGATION4args {
    bool gdda_signal_deleg_avail;
    struct bitmap4 gdda_notification_types;
    struct nfstime4 gdda_child_attr_delay;
    struct nfstime4 gdda_dir_attr_delay;
    struct bitmap4 gdda_child_attributes;
    struct bitmap4 gdda_dir_attributes;
};

struct GET_DIR_DELEGATION4resok {
    uint8_t gddr_cookieverf[NFS4_VERIFIER_SIZE];
    struct stateid4 gddr_stateid;
    struct bitmap4 gddr_notification;
    struct bitmap4 gddr_child_attributes;
    struct bitmap4 gddr_dir_attributes;
};

struct GET_DIR_DELEGATION4res_non_fatal {
    enum gddrnf4_status gddrnf_status;
    union {
        struct GET_DIR_DELEGATION4resok gddrnf_resok4;
        bool gddrnf_will_signal_deleg_avail;
    };
};

struct GETDEVICEINFO4args {
    uint8_t gdia_device_id[NFS4_DEVICEID4_SIZE];
    enum layouttype4 gdia_layout_type;
    uint32_t gdia_maxcount;
    struct bitmap4 gdia_notify_types;
};

struct GETDEVICEINFO4resok {
    struct device_addr4 gdir_device_addr;
    struct bitmap4 gdir_notification;
};

struct GETDEVICELIST4args {
    enum layouttype4 gdla_layout_type;
    uint32_t gdla_maxdevices;
    uint64_t gdla_cookie;
    uint8_t gdla_cookieverf[NFS4_VERIFIER_SIZE];
};

struct GETDEVICELIST4resok {
    uint64_t gdlr_cookie;
    uint8_t gdlr_cookieverf[NFS4_VERIFIER_SIZE];
    uint8_t (*gdlr_deviceid_list)[NFS4_DEVICEID4_SIZE];
    uint32_t gdlr_deviceid_list_count;
    bool gdlr_eof;
};

struct newtime4 {
    bool nt_timechanged;
    union {
        struct nfstime4 nt_time;
    };
};

struct newoffset4 {
    bool no_newoffset;
    union {
        uint64_t no_offset;
    };
};

struct LAYOUTCOMMIT4args {
    uint64_t loca_offset;
    uint64_t loca_length;
    bool loca_reclaim;
    struct stateid4 loca_stateid;
    struct newoffset4 loca_last_write_offset;
    struct newtime4 loca_time_modify;
    struct layoutupdate4 loca_layoutupdate;
};

struct newsize4 {
    bool ns_sizechanged;
    union {
        uint64_t ns_size;
    };
};

struct LAYOUTCOMMIT4resok {
    struct newsize4 locr_newsize;
};

struct LAYOUTGET4args {
    bool loga_signal_layout_avail;
    enum layouttype4 loga_layout_type;
    enum layoutiomode4 loga_iomode;
    uint64_t loga_offset;
    uint64_t loga_length;
    uint64_t loga_minlength;
    struct stateid4 loga_stateid;
    uint32_t loga_maxcount;
};

struct LAYOUTGET4resok {
    bool logr_return_on_close;
    struct stateid4 logr_stateid;
    struct layout4 *logr_layout;
    uint32_t logr_layout_count;
};

struct LAYOUTRETURN4args {
    bool lora_reclaim;
    enum layouttype4 lora_layout_type;
    enum layoutiomode4 lora_iomode;
    struct layoutreturn4 lora_layoutreturn;
};

struct layoutreturn_stateid {
    bool lrs_present;
    union {
        struct stateid4 lrs_stateid;
    };
};

struct SEQUENCE4args {
    uint8_t sa_sessionid[NFS4_SESSIONID_SIZE];
    uint32_t sa_sequenceid;
    uint32_t sa_slotid;
    uint32_t sa_highest_slotid;
    bool sa_cachethis;
};

struct SEQUENCE4resok {
    uint8_t sr_sessionid[NFS4_SESSIONID_SIZE];
    uint32_t sr_sequenceid;
    uint32_t sr_slotid;
    uint32_t sr_highest_slotid;
    uint32_t sr_target_highest_slotid;
    uint32_t sr_status_flags;
};

struct SET_SSV4args {
    struct wire_opaque ssa_ssv;
    struct wire_opaque ssa_digest;
};

struct SET_SSV4resok {
    struct wire_opaque ssr_digest;
};

struct TEST_STATEID4args {
    struct stateid4 *ts_stateids;
    uint32_t ts_stateids_count;
};

struct TEST_STATEID4resok {
    enum nfsstat4 *tsr_status_codes;
    uint32_t tsr_status_codes_count;
};

struct deleg_claim4 {
    enum open_claim_type4 dc_claim;
    union {
        enum open_delegation_type4 dc_delegate_type;
    };
};

struct WANT_DELEGATION4args {
    uint32_t wda_want;
    struct deleg_claim4 wda_claim;
};

struct DESTROY_CLIENTID4args {
    uint64_t dca_clientid;
};

struct RECLAIM_COMPLETE4args {
    bool rca_one_fs;
};

/* RFC 5662 has this one as a bare enum. */
struct SECINFO_NO_NAME4args {
    enum secinfo_style4 style;
};
