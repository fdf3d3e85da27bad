/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a client handles callbacks on a connection: conn->behaviour, which a test may change at any
 * time.  All zero is a well-behaved client.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/nfs4_const.h"
#include "wire/rpc_msg.h"

/* "Executed" advances the slot: the call is executed, and its reply cached for retries. */
enum client_act {
    CLIENT_ACT_ANSWER,     /* executed and answered */
    CLIENT_ACT_HOLD,       /* executed; answered by client_callback_release() */
    CLIENT_ACT_IGNORE,     /* neither executed nor answered */
    CLIENT_ACT_CUT_BEFORE, /* not executed; the connection is closed */
    CLIENT_ACT_CUT_AFTER,  /* executed; the connection is closed and no reply sent */
    CLIENT_ACT_CUT_AMID,   /* executed; the connection is closed within the reply */
    CLIENT_ACT_GARBAGE,    /* executed; the reply has the right xid, followed by garbage */
    CLIENT_ACT_WRONG_XID,  /* executed; the reply has an unknown xid */
    CLIENT_ACT_SHORT,      /* executed; the reply is a record of four bytes */
    CLIENT_ACT_RPC_ERROR,  /* not executed; answered with behaviour.accept_stat */
    CLIENT_ACT_DENY,       /* not executed; answered with MSG_DENIED, behaviour.auth_stat */
};

struct client_behaviour {
    enum client_act act;
    enum nfsstat4 sequence_status;    /* reply to CB_SEQUENCE; the rest is not executed unless
                                    * NFS4_OK */
    enum nfsstat4 op_status;          /* reply to the first operation after it; executed */
    enum rpc_accept_stat accept_stat; /* CLIENT_ACT_RPC_ERROR */
    enum auth_stat auth_stat;         /* CLIENT_ACT_DENY */
    uint32_t times;                   /* applies to this many CB_COMPOUNDs; 0: to all */
    size_t fragment_bytes;            /* of replies; 0: each is one fragment */
    bool gss_bad_verf;                /* the verifier of replies to RPCSEC_GSS is wrong */
};
