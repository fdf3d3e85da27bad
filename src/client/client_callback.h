/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's calls on the client's connections (RFC 8881 §20): CB_NULL is answered,
 * CB_COMPOUND is recorded operation by operation and answered as the test wants it.
 */
#pragma once

#include "client/client_call.h"
#include "wire/nfs4_callback.h"

#define CLIENT_CALLBACK_PROGRAM 0x40000000u
#define CLIENT_CALLBACKS_KEPT 256u
#define CLIENT_CALLBACK_OPS 8u

/* One CB_COMPOUND that came. */
struct client_callback {
    uint32_t xid;
    uint32_t flavor; /* of its credentials */
    uint32_t minor_version;
    bool has_sequence;
    struct CB_SEQUENCE4args sequence; /* without the referring calls, which are counted only */
    uint32_t op_count;
    uint32_t ops[CLIENT_CALLBACK_OPS];
    struct stateid4 recalled; /* of a CB_RECALL */
};

struct client_callbacks {
    enum nfsstat4 sequence_status; /* what CB_SEQUENCE is answered */
    enum nfsstat4 op_status;       /* what every other operation is answered */
    bool hold;                     /* answer nothing */
    uint32_t null_count;
    uint32_t count; /* CB_COMPOUNDs that came; the first CLIENT_CALLBACKS_KEPT are kept */
    struct client_callback kept[CLIENT_CALLBACKS_KEPT];
};

/* Answer the CALL in `record`; without conn->callbacks with PROG_UNAVAIL. */
MUST_USE enum client_status client_callback_answer(struct client_conn *conn,
                                                   const struct client_record *record);
