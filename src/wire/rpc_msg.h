/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ONC RPC messages (RFC 5531 §9) up to the arguments or results of a procedure, AUTH_SYS
 * credentials, and the record marks that frame messages on a stream (§11).  The filters go in
 * either direction; decoded opaques point into the buffer.
 */
#pragma once

#include "base/limits.h"
#include "wire/xdr.h"

#define RPC_VERSION 2u
#define RPC_RECORD_MARK_BYTES 4u
#define RPC_ACCEPTED_BYTES 24u /* header of an accepted reply with an empty verifier */
#define RPC_RECORD_LAST 0x80000000u

enum rpc_msg_type {
    RPC_MSG_CALL = 0,
    RPC_MSG_REPLY = 1,
};

enum rpc_reply_stat {
    MSG_ACCEPTED = 0,
    MSG_DENIED = 1,
};

enum rpc_accept_stat {
    ACCEPT_SUCCESS = 0,
    ACCEPT_PROG_UNAVAIL = 1,
    ACCEPT_PROG_MISMATCH = 2,
    ACCEPT_PROC_UNAVAIL = 3,
    ACCEPT_GARBAGE_ARGS = 4,
    ACCEPT_SYSTEM_ERR = 5,
};

enum rpc_reject_stat {
    REJECT_RPC_MISMATCH = 0,
    REJECT_AUTH_ERROR = 1,
};

/* Flavors, RFC 5531 §8.2, RFC 2203 and RFC 9289 §4.1. */
enum auth_flavor {
    AUTH_NONE = 0,
    AUTH_SYS = 1,
    RPCSEC_GSS = 6,
    AUTH_TLS = 7,
};

enum auth_stat {
    AUTH_OK = 0,
    AUTH_BADCRED = 1,
    AUTH_REJECTEDCRED = 2,
    AUTH_BADVERF = 3,
    AUTH_REJECTEDVERF = 4,
    AUTH_TOOWEAK = 5,
    AUTH_INVALIDRESP = 6,
    AUTH_FAILED = 7,
    RPCSEC_GSS_CREDPROBLEM = 13,
    RPCSEC_GSS_CTXPROBLEM = 14,
};

struct opaque_auth {
    uint32_t flavor;
    struct wire_opaque body;
};

/* The body of AUTH_SYS credentials, RFC 5531 appendix A. */
struct authsys_parms {
    uint32_t stamp;
    struct wire_opaque machinename;
    uint32_t uid;
    uint32_t gid;
    uint32_t *gids;
    uint32_t gids_count;
};

struct rpc_call_header {
    uint32_t xid;
    uint32_t rpcvers;
    uint32_t prog;
    uint32_t vers;
    uint32_t proc;
    struct opaque_auth cred;
    struct opaque_auth verf;
};

struct rpc_reply_header {
    uint32_t xid;
    enum rpc_reply_stat stat;
    union {
        struct {
            struct opaque_auth verf;
            enum rpc_accept_stat accept_stat;
        };
        struct {
            enum rpc_reject_stat reject_stat;
            enum auth_stat auth_stat; /* REJECT_AUTH_ERROR */
        };
    };
    uint32_t low, high; /* ACCEPT_PROG_MISMATCH, REJECT_RPC_MISMATCH */
};

bool wire_opaque_auth(struct xdr *x, struct opaque_auth *v);
bool wire_authsys_parms(struct xdr *x, struct authsys_parms *v);

/* Up to the arguments.  A decoded version other than RPC_VERSION succeeds and leaves all behind
 * it untouched: the layout of what follows is unknown, the answer is REJECT_RPC_MISMATCH.  Fails
 * for what is no CALL. */
bool wire_rpc_call_header(struct xdr *x, struct rpc_call_header *v);

/* Up to the results.  Fails for what is no REPLY and for an undefined status. */
bool wire_rpc_reply_header(struct xdr *x, struct rpc_reply_header *v);

/* The same behind xid and message type. */
bool wire_rpc_reply_body(struct xdr *x, struct rpc_reply_header *v);

/* The usual header, that of a successful reply with an empty verifier, as wire_rpc_reply_header()
 * encodes it: RPC_ACCEPTED_BYTES at `at`. */
static inline void rpc_success_put(uint8_t *at, uint32_t xid)
{
    /* All other words are 0: MSG_ACCEPTED, AUTH_NONE without a body, ACCEPT_SUCCESS. */
    static const uint8_t without_xid[RPC_ACCEPTED_BYTES] = {[7] = RPC_MSG_REPLY};
    uint32_t be = htobe32(xid);

    memcpy(at, without_xid, sizeof(without_xid));
    memcpy(at, &be, sizeof(be));
}

/* Is the message at `data` a call or a reply?  Neither: false. */
bool rpc_msg_peek(const void *data, size_t len, uint32_t *xid, enum rpc_msg_type *type);

/* Write the mark of a fragment of `len` bytes at `at`. */
static inline void rpc_record_mark_put(uint8_t *at, uint32_t len, bool last)
{
    uint32_t be = htobe32(len | (last ? RPC_RECORD_LAST : 0));

    memcpy(at, &be, sizeof(be));
}

/* The length of the fragment behind the mark at `at`. */
static inline uint32_t rpc_record_mark_get(const uint8_t *at, bool *last)
{
    uint32_t be;

    memcpy(&be, at, sizeof(be));
    *last = be32toh(be) & RPC_RECORD_LAST;
    return be32toh(be) & ~RPC_RECORD_LAST;
}
