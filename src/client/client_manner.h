/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a client behaves when the server calls it over a connection: conn->manner, which a test may
 * change at any time.  All zero is a client that does what it is asked.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "wire/nfs4_const.h"
#include "wire/rpc_msg.h"

/* "Executed" is what moves the slot: the call is carried out and its reply kept for a retry. */
enum client_act {
    CLIENT_ACT_ANSWER,     /* executed and answered */
    CLIENT_ACT_HOLD,       /* executed; answered by client_callback_release() */
    CLIENT_ACT_IGNORE,     /* neither executed nor answered */
    CLIENT_ACT_CUT_BEFORE, /* not executed; the connection is closed */
    CLIENT_ACT_CUT_AFTER,  /* executed; the connection is closed and no reply sent */
    CLIENT_ACT_CUT_AMID,   /* executed; the connection is closed in the middle of the reply */
    CLIENT_ACT_GARBAGE,    /* executed; the reply has the right xid, and nonsense behind it */
    CLIENT_ACT_WRONG_XID,  /* executed; the reply has an xid that was not used */
    CLIENT_ACT_SHORT,      /* executed; the reply is a record of four bytes */
    CLIENT_ACT_RPC_ERROR,  /* not executed; answered with manner.accept_stat */
    CLIENT_ACT_DENY,       /* not executed; answered with MSG_DENIED, manner.auth_stat */
};

struct client_manner {
    enum client_act act;
    enum nfsstat4 sequence_status; /* answer to CB_SEQUENCE; nothing is executed unless NFS4_OK */
    enum nfsstat4 op_status;       /* answer to the first operation behind it; executed */
    enum rpc_accept_stat accept_stat; /* CLIENT_ACT_RPC_ERROR */
    enum auth_stat auth_stat;         /* CLIENT_ACT_DENY */
    uint32_t times;                   /* for as many CB_COMPOUNDs; 0: for ever */
    size_t fragment_bytes;            /* of replies; 0: each is one fragment */
};
