/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RPCSEC_GSS (RFC 2203 §5) version 1: its credentials, the arguments and results of the calls that
 * make a context, and the frames around protected arguments and results.  The filters go in either
 * direction; decoded opaques point into the buffer.
 */
#pragma once

#include "base/limits.h"
#include "wire/nfs4_const.h" /* enum rpc_gss_svc_t */
#include "wire/xdr.h"

#define RPCSEC_GSS_VERSION 1u
#define RPCSEC_GSS_MAXSEQ 0x80000000u /* sequence numbers are smaller, §5.3.3.1 */

enum rpc_gss_proc_t {
    RPCSEC_GSS_DATA = 0,
    RPCSEC_GSS_INIT = 1,
    RPCSEC_GSS_CONTINUE_INIT = 2,
    RPCSEC_GSS_DESTROY = 3,
};

/* The body of credentials.  Procedure and service may be any number: what to answer to those that
 * do not exist is up to the caller (AUTH_BADCRED, §5.3.3.1). */
struct rpc_gss_cred {
    uint32_t version;
    uint32_t proc; /* enum rpc_gss_proc_t */
    uint32_t seq_num;
    uint32_t service; /* enum rpc_gss_svc_t */
    struct wire_opaque handle;
};

struct rpc_gss_init_arg {
    struct wire_opaque gss_token;
};

struct rpc_gss_init_res {
    struct wire_opaque handle; /* empty after a failure */
    uint32_t gss_major;
    uint32_t gss_minor;
    uint32_t seq_window;
    struct wire_opaque gss_token;
};

/* Arguments or results with integrity, §5.3.2.2.  `databody_integ` is the encoding of a sequence
 * number and the arguments. */
struct rpc_gss_integ_data {
    struct wire_opaque databody_integ;
    struct wire_opaque checksum;
};

/* The same with privacy, §5.3.2.3: a token. */
struct rpc_gss_priv_data {
    struct wire_opaque databody_priv;
};

/* A decoded version other than RPCSEC_GSS_VERSION succeeds and leaves all behind it zeroed: the
 * layout of what follows is unknown. */
bool wire_rpc_gss_cred(struct xdr *x, struct rpc_gss_cred *v);
bool wire_rpc_gss_init_arg(struct xdr *x, struct rpc_gss_init_arg *v);
bool wire_rpc_gss_init_res(struct xdr *x, struct rpc_gss_init_res *v);
bool wire_rpc_gss_integ_data(struct xdr *x, struct rpc_gss_integ_data *v);
bool wire_rpc_gss_priv_data(struct xdr *x, struct rpc_gss_priv_data *v);
