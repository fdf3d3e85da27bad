/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One operation of a COMPOUND as a whole: nfs_argop4 and nfs_resop4 of RFC 5662.  Clients, tests
 * and code that steps over an operation use these; the compound processors decode each
 * operation's own arguments.
 */
#pragma once

#include "wire/nfs4_advise.h"
#include "wire/nfs4_codec.h"
#include "wire/nfs4_copy.h"
#include "wire/nfs4_minor2.h"
#include "wire/nfs4_space.h"
#include "wire/nfs4_xattr.h"

/* Operations without arguments have no member. */
struct nfs_argop4 {
    uint32_t argop;
    union {
        struct ACCESS4args opaccess;
        struct CLOSE4args opclose;
        struct COMMIT4args opcommit;
        struct CREATE4args opcreate;
        struct DELEGPURGE4args opdelegpurge;
        struct DELEGRETURN4args opdelegreturn;
        struct GETATTR4args opgetattr;
        struct LINK4args oplink;
        struct LOCK4args oplock;
        struct LOCKT4args oplockt;
        struct LOCKU4args oplocku;
        struct LOOKUP4args oplookup;
        struct NVERIFY4args opnverify;
        struct OPEN4args opopen;
        struct OPENATTR4args opopenattr;
        struct OPEN_CONFIRM4args opopen_confirm;
        struct OPEN_DOWNGRADE4args opopen_downgrade;
        struct PUTFH4args opputfh;
        struct READ4args opread;
        struct READDIR4args opreaddir;
        struct REMOVE4args opremove;
        struct RENAME4args oprename;
        struct RENEW4args oprenew;
        struct SECINFO4args opsecinfo;
        struct SETATTR4args opsetattr;
        struct SETCLIENTID4args opsetclientid;
        struct SETCLIENTID_CONFIRM4args opsetclientid_confirm;
        struct VERIFY4args opverify;
        struct WRITE4args opwrite;
        struct RELEASE_LOCKOWNER4args oprelease_lockowner;
        struct BACKCHANNEL_CTL4args opbackchannel_ctl;
        struct BIND_CONN_TO_SESSION4args opbind_conn_to_session;
        struct EXCHANGE_ID4args opexchange_id;
        struct CREATE_SESSION4args opcreate_session;
        struct DESTROY_SESSION4args opdestroy_session;
        struct FREE_STATEID4args opfree_stateid;
        struct GET_DIR_DELEGATION4args opget_dir_delegation;
        struct GETDEVICEINFO4args opgetdeviceinfo;
        struct GETDEVICELIST4args opgetdevicelist;
        struct LAYOUTCOMMIT4args oplayoutcommit;
        struct LAYOUTGET4args oplayoutget;
        struct LAYOUTRETURN4args oplayoutreturn;
        struct SECINFO_NO_NAME4args opsecinfo_no_name;
        struct SEQUENCE4args opsequence;
        struct SET_SSV4args opset_ssv;
        struct TEST_STATEID4args optest_stateid;
        struct WANT_DELEGATION4args opwant_delegation;
        struct DESTROY_CLIENTID4args opdestroy_clientid;
        struct RECLAIM_COMPLETE4args opreclaim_complete;
        struct ALLOCATE4args opallocate;
        struct COPY4args opcopy;
        struct COPY_NOTIFY4args opcopy_notify;
        struct DEALLOCATE4args opdeallocate;
        struct IO_ADVISE4args opio_advise;
        struct LAYOUTERROR4args oplayouterror;
        struct LAYOUTSTATS4args oplayoutstats;
        struct OFFLOAD_CANCEL4args opoffload_cancel;
        struct OFFLOAD_STATUS4args opoffload_status;
        struct READ_PLUS4args opread_plus;
        struct SEEK4args opseek;
        struct WRITE_SAME4args opwrite_same;
        struct CLONE4args opclone;
        struct GETXATTR4args opgetxattr;
        struct SETXATTR4args opsetxattr;
        struct LISTXATTRS4args oplistxattrs;
        struct REMOVEXATTR4args opremovexattr;
    };
};

/* Operations whose result is no more than the status have no member, most of those of minor version
 * 2 neither. */
struct nfs_resop4 {
    uint32_t resop;
    enum nfsstat4 status;
    union {
        struct ACCESS4resok opaccess;
        struct CLOSE4resok opclose;
        struct COMMIT4resok opcommit;
        struct CREATE4resok opcreate;
        struct GETATTR4resok opgetattr;
        struct GETFH4resok opgetfh;
        struct LINK4resok oplink;
        struct LOCK4resok oplock;
        struct LOCKU4resok oplocku;
        struct OPEN4resok opopen;
        struct OPEN_CONFIRM4resok opopen_confirm;
        struct OPEN_DOWNGRADE4resok opopen_downgrade;
        struct READ4resok opread;
        struct READDIR4resok opreaddir;
        struct READLINK4resok opreadlink;
        struct REMOVE4resok opremove;
        struct RENAME4resok oprename;
        struct SECINFO4resok opsecinfo;
        struct bitmap4 attrsset; /* OP_SETATTR, whatever the status */
        struct SETCLIENTID4resok opsetclientid;
        struct WRITE4resok opwrite;
        struct BIND_CONN_TO_SESSION4resok opbind_conn_to_session;
        struct EXCHANGE_ID4resok opexchange_id;
        struct CREATE_SESSION4resok opcreate_session;
        struct GET_DIR_DELEGATION4res_non_fatal opget_dir_delegation;
        struct GETDEVICEINFO4resok opgetdeviceinfo;
        struct GETDEVICELIST4resok opgetdevicelist;
        struct LAYOUTCOMMIT4resok oplayoutcommit;
        struct LAYOUTGET4resok oplayoutget;
        struct layoutreturn_stateid oplayoutreturn;
        struct SECINFO4resok opsecinfo_no_name;
        struct SEQUENCE4resok opsequence;
        struct SET_SSV4resok opset_ssv;
        struct TEST_STATEID4resok optest_stateid;
        struct open_delegation4 opwant_delegation;
        struct read_plus_res4 opread_plus;
        struct seek_res4 opseek;
        struct GETXATTR4resok opgetxattr;
        struct SETXATTR4resok opsetxattr;
        struct LISTXATTRS4resok oplistxattrs;
        struct REMOVEXATTR4resok opremovexattr;
        struct COPY4resok opcopy;
        struct OFFLOAD_STATUS4resok opoffload_status;
        struct IO_ADVISE4resok opio_advise;
        struct WRITE_SAME4resok opwrite_same;
        struct LOCK4denied denied;                   /* OP_LOCK, OP_LOCKT: NFS4ERR_DENIED */
        struct netaddr4 client_using;                /* OP_SETCLIENTID: NFS4ERR_CLID_INUSE */
        uint32_t gdir_mincount;                      /* OP_GETDEVICEINFO: NFS4ERR_TOOSMALL */
        bool logr_will_signal_layout_avail;          /* OP_LAYOUTGET: NFS4ERR_LAYOUTTRYLATER */
        struct copy_requirements4 copy_requirements; /* OP_COPY: NFS4ERR_OFFLOAD_NO_REQS */
    };
};

/* The operation number and the arguments.  Fails for a number outside the table. */
bool wire_nfs_argop4(struct xdr *x, struct nfs_argop4 *v);

/* The arguments alone, of operation v->argop. */
bool wire_nfs_argop4_body(struct xdr *x, struct nfs_argop4 *v);

/* Number, status and what comes with that status.  Decoding fails for successful operations that
 * have no member, but a result. */
bool wire_nfs_resop4(struct xdr *x, struct nfs_resop4 *v);
