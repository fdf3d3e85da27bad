/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The types of the callback operations and their filters (RFC 8881 §20, RFC 7862 §16), by the
 * conventions of nfs4_types.h and nfs4_codec.h.  Results that are no more than a status have no
 * type.  CB_RECALLABLE_OBJ_AVAIL's arguments are CB_RECALL_ANY4args.
 */
#pragma once

#include "wire/nfs4_copy.h"

struct CB_GETATTR4args {
    struct nfs_fh4 fh;
    struct bitmap4 attr_request;
};

struct CB_GETATTR4resok {
    struct fattr4 obj_attributes;
};

struct CB_RECALL4args {
    struct stateid4 stateid;
    bool truncate;
    struct nfs_fh4 fh;
};

struct layoutrecall_file4 {
    struct nfs_fh4 lor_fh;
    uint64_t lor_offset;
    uint64_t lor_length;
    struct stateid4 lor_stateid;
};

struct layoutrecall4 {
    enum layoutrecall_type4 lor_recalltype;
    union {
        struct layoutrecall_file4 lor_layout;
        struct fsid4 lor_fsid;
    };
};

struct CB_LAYOUTRECALL4args {
    enum layouttype4 clora_type;
    enum layoutiomode4 clora_iomode;
    bool clora_changed;
    struct layoutrecall4 clora_recall;
};

struct notify_entry4 {
    struct wire_opaque ne_file;
    struct fattr4 ne_attrs;
};

struct prev_entry4 {
    struct notify_entry4 pe_prev_entry;
    uint64_t pe_prev_entry_cookie;
};

struct notify_remove4 {
    struct notify_entry4 nrm_old_entry;
    uint64_t nrm_old_entry_cookie;
};

struct notify_add4 {
    struct notify_remove4 *nad_old_entry;
    uint32_t nad_old_entry_count;
    struct notify_entry4 nad_new_entry;
    uint64_t *nad_new_entry_cookie;
    uint32_t nad_new_entry_cookie_count;
    struct prev_entry4 *nad_prev_entry;
    uint32_t nad_prev_entry_count;
    bool nad_last_entry;
};

struct notify_attr4 {
    struct notify_entry4 na_changed_entry;
};

struct notify_rename4 {
    struct notify_remove4 nrn_old_entry;
    struct notify_add4 nrn_new_entry;
};

struct notify_verifier4 {
    uint8_t nv_old_cookieverf[NFS4_VERIFIER_SIZE];
    uint8_t nv_new_cookieverf[NFS4_VERIFIER_SIZE];
};

struct notify4 {
    struct bitmap4 notify_mask;
    struct wire_opaque notify_vals;
};

struct CB_NOTIFY4args {
    struct stateid4 cna_stateid;
    struct nfs_fh4 cna_fh;
    struct notify4 *cna_changes;
    uint32_t cna_changes_count;
};

struct CB_PUSH_DELEG4args {
    struct nfs_fh4 cpda_fh;
    struct open_delegation4 cpda_delegation;
};

struct CB_RECALL_ANY4args {
    uint32_t craa_objects_to_keep;
    struct bitmap4 craa_type_mask;
};

struct CB_RECALL_SLOT4args {
    uint32_t rsa_target_highest_slotid;
};

struct referring_call4 {
    uint32_t rc_sequenceid;
    uint32_t rc_slotid;
};

struct referring_call_list4 {
    uint8_t rcl_sessionid[NFS4_SESSIONID_SIZE];
    struct referring_call4 *rcl_referring_calls;
    uint32_t rcl_referring_calls_count;
};

struct CB_SEQUENCE4args {
    uint8_t csa_sessionid[NFS4_SESSIONID_SIZE];
    uint32_t csa_sequenceid;
    uint32_t csa_slotid;
    uint32_t csa_highest_slotid;
    bool csa_cachethis;
    struct referring_call_list4 *csa_referring_call_lists;
    uint32_t csa_referring_call_lists_count;
};

struct CB_SEQUENCE4resok {
    uint8_t csr_sessionid[NFS4_SESSIONID_SIZE];
    uint32_t csr_sequenceid;
    uint32_t csr_slotid;
    uint32_t csr_highest_slotid;
    uint32_t csr_target_highest_slotid;
};

struct CB_WANTS_CANCELLED4args {
    bool cwca_contended_wants_cancelled;
    bool cwca_resourced_wants_cancelled;
};

struct CB_NOTIFY_LOCK4args {
    struct nfs_fh4 cnla_fh;
    struct state_owner4 cnla_lock_owner;
};

struct CB_NOTIFY_DEVICEID4args {
    struct notify4 *cnda_changes;
    uint32_t cnda_changes_count;
};

struct CB_OFFLOAD4args {
    struct nfs_fh4 coa_fh;
    struct stateid4 coa_stateid;
    enum nfsstat4 coa_status;
    union {
        struct write_response4 coa_resok4; /* NFS4_OK */
        uint64_t coa_bytes_copied;
    };
};

bool wire_CB_GETATTR4args(struct xdr *x, struct CB_GETATTR4args *v);
bool wire_CB_GETATTR4resok(struct xdr *x, struct CB_GETATTR4resok *v);
bool wire_CB_RECALL4args(struct xdr *x, struct CB_RECALL4args *v);
bool wire_layoutrecall_file4(struct xdr *x, struct layoutrecall_file4 *v);
bool wire_layoutrecall4(struct xdr *x, struct layoutrecall4 *v);
bool wire_CB_LAYOUTRECALL4args(struct xdr *x, struct CB_LAYOUTRECALL4args *v);
bool wire_notify_entry4(struct xdr *x, struct notify_entry4 *v);
bool wire_prev_entry4(struct xdr *x, struct prev_entry4 *v);
bool wire_notify_remove4(struct xdr *x, struct notify_remove4 *v);
bool wire_notify_add4(struct xdr *x, struct notify_add4 *v);
bool wire_notify_attr4(struct xdr *x, struct notify_attr4 *v);
bool wire_notify_rename4(struct xdr *x, struct notify_rename4 *v);
bool wire_notify_verifier4(struct xdr *x, struct notify_verifier4 *v);
bool wire_notify4(struct xdr *x, struct notify4 *v);
bool wire_CB_NOTIFY4args(struct xdr *x, struct CB_NOTIFY4args *v);
bool wire_CB_PUSH_DELEG4args(struct xdr *x, struct CB_PUSH_DELEG4args *v);
bool wire_CB_RECALL_ANY4args(struct xdr *x, struct CB_RECALL_ANY4args *v);
bool wire_CB_RECALL_SLOT4args(struct xdr *x, struct CB_RECALL_SLOT4args *v);
bool wire_referring_call4(struct xdr *x, struct referring_call4 *v);
bool wire_referring_call_list4(struct xdr *x, struct referring_call_list4 *v);
bool wire_CB_SEQUENCE4args(struct xdr *x, struct CB_SEQUENCE4args *v);
bool wire_CB_SEQUENCE4resok(struct xdr *x, struct CB_SEQUENCE4resok *v);
bool wire_CB_WANTS_CANCELLED4args(struct xdr *x, struct CB_WANTS_CANCELLED4args *v);
bool wire_CB_NOTIFY_LOCK4args(struct xdr *x, struct CB_NOTIFY_LOCK4args *v);
bool wire_CB_NOTIFY_DEVICEID4args(struct xdr *x, struct CB_NOTIFY_DEVICEID4args *v);
bool wire_CB_OFFLOAD4args(struct xdr *x, struct CB_OFFLOAD4args *v);
