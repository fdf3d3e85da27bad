/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callbacks at the client (RFC 8881 §20, RFC 7530 §18), over connections that the client made or,
 * in minor version 0, accepted.  They are recorded operation by operation, checked as a client
 * must, and answered as conn->behaviour says.
 *
 *     struct client_session_wish wish = client_session_wish_default(NULL);
 *     wish.callbacks = calloc(1, sizeof(*wish.callbacks));
 *     ... client_mount_open(&mount, ..., &wish) ...
 *     mount.conn.behaviour.op_status = NFS4ERR_DELAY;
 *     while (wish.callbacks->count == 0)
 *         client_call_serve(&mount.conn, 1000);
 *
 * Callbacks are answered whenever the client waits for something on the connection.  The
 * connections of one client share one struct client_callbacks; further connections of a session get
 * it by hand: conn.callbacks = mount.conn.callbacks.
 */
#pragma once

#include "client/client_back_gss.h"
#include "client/client_back_slot.h"
#include "client/client_op.h"

struct client_session;

#define CLIENT_CALLBACK_PROGRAM 0x40000000u
#define CLIENT_CALLBACKS_KEPT 1024u
#define CLIENT_CALLBACK_OPS 8u /* with CB_SEQUENCE, as client_session_wish_default() offers */
#define CLIENT_CALLBACK_REFERRING 8u
#define CLIENT_CALLBACK_OWNER_BYTES 64u
#define CLIENT_CALLBACK_SESSIONS 4u
#define CLIENT_CALLBACKS_HELD 64u

/* An operation; which fields are valid depends on `op`. */
struct client_callback_op {
    uint32_t op;
    enum nfsstat4 status;         /* as it was answered */
    struct client_fh fh;          /* CB_GETATTR, CB_RECALL, CB_NOTIFY, CB_NOTIFY_LOCK,
                                   * CB_OFFLOAD */
    struct stateid4 stateid;      /* CB_RECALL, CB_NOTIFY, CB_OFFLOAD */
    uint32_t change_count;        /* CB_NOTIFY */
    bool truncate;                /* CB_RECALL */
    struct bitmap4 bits;          /* attributes of CB_GETATTR, or types of CB_RECALL_ANY and
                                   * CB_RECALLABLE_OBJ_AVAIL */
    uint32_t keep;                /* number of objects, of the latter two */
    uint32_t target_highest_slot; /* CB_RECALL_SLOT */
    enum nfsstat4 offload_status; /* this and the next two: CB_OFFLOAD */
    uint64_t offload_bytes;
    uint8_t offload_verifier[NFS4_VERIFIER_SIZE];
    uint64_t clientid; /* this and the next two: CB_NOTIFY_LOCK */
    uint32_t owner_len;
    uint8_t owner[CLIENT_CALLBACK_OWNER_BYTES];
};

enum client_callback_fate {
    CLIENT_CALLBACK_EXECUTED,
    CLIENT_CALLBACK_RETRIED, /* answered with the cached reply */
    CLIENT_CALLBACK_REFUSED, /* not executed, and answered with an error */
    CLIENT_CALLBACK_IGNORED, /* not executed, and not answered */
};

struct client_callback_referring {
    uint8_t sessionid[NFS4_SESSIONID_SIZE];
    uint32_t seqid, slot;
};

/* One CB_COMPOUND that was received. */
struct client_callback {
    int64_t came_ns;
    uint64_t over; /* serial of the connection */
    uint32_t xid, program, version;
    uint32_t flavor, uid, gid; /* of its credentials; IDs only with AUTH_SYS */
    uint32_t gss_service, gss_seq;
    uint32_t minor_version;
    uint32_t ident; /* minor version 0 */
    bool has_sequence;
    struct CB_SEQUENCE4args sequence; /* see `referring` for its referring calls */
    uint32_t referring_count;         /* of all; the first ones are in `referring` */
    struct client_callback_referring referring[CLIENT_CALLBACK_REFERRING];
    uint32_t op_count; /* includes CB_SEQUENCE */
    struct client_callback_op ops[CLIENT_CALLBACK_OPS];
    enum nfsstat4 status; /* of the compound, as it was answered */
    enum client_callback_fate fate;
};

/* A reply held back by CLIENT_ACT_HOLD. */
struct client_held {
    uint64_t over;
    struct client_back_slot *slot; /* NULL: without a session */
    struct client_back_gss_call gss;
    uint32_t len;
    uint8_t reply[CLIENT_CALLBACK_REPLY_BYTES + 64];
};

/* Executes CB_RECALL and CB_NOTIFY, and returns the status to answer with: an error ends the
 * compound.  Called in the order of the operations, on the thread that waits on the connection; not
 * for retries, nor for what conn->behaviour answers itself.  `notify` is NULL unless it is a
 * CB_NOTIFY; it and what is allocated from `arena` live until the function returns.  It must not
 * send over the connection, nor wait. */
struct client_callback_hook {
    enum nfsstat4 (*execute)(const struct client_callback_op *op,
                             const struct CB_NOTIFY4args *notify, struct arena *arena,
                             void *context);
    void *context;
};

/* If all zero, no session is known, and sequence IDs are not checked. */
struct client_callbacks {
    uint32_t null_count;
    uint32_t count; /* CB_COMPOUNDs received; the last CLIENT_CALLBACKS_KEPT are kept */
    struct client_callback kept[CLIENT_CALLBACKS_KEPT]; /* number i at i % CLIENT_CALLBACKS_KEPT */
    uint32_t session_count;
    struct client_back_session sessions[CLIENT_CALLBACK_SESSIONS];
    bool session_comes; /* a CREATE_SESSION is outstanding: callbacks may precede its reply */
    uint32_t held_count;
    struct client_held held[CLIENT_CALLBACKS_HELD];
    struct nfs4_attrs attrs;          /* the reply to CB_GETATTR: change, size, time_deleg_* */
    struct wire_opaque raw_attrs;     /* unless empty, sent as they are in the place of these */
    struct client_callback_hook hook; /* execute NULL: all is answered with NFS4_OK */
    struct client_back_gss_table gss; /* what the server may call with, beside AUTH_SYS */
    /* Violations by the server: their number, and the first of them. */
    uint32_t trouble_count;
    char trouble[256];
};

/* Begin, or end, to check the callbacks of a session.  client_session_create() and
 * client_session_destroy() do this over a connection that has callbacks. */
void client_callback_session_begin(struct client_callbacks *cbs,
                                   const struct client_session *session);
void client_callback_session_end(struct client_callbacks *cbs, const uint8_t *sessionid);

/* The session's slots; NULL if it is not known. */
struct client_back_session *client_callback_session(struct client_callbacks *cbs,
                                                    const uint8_t *sessionid);

/* The callback with number `index` (from 0); it must be among those kept. */
const struct client_callback *client_callback_at(const struct client_callbacks *cbs,
                                                 uint32_t index);

/* Its first operation `op`, or NULL. */
const struct client_callback_op *client_callback_lookup(const struct client_callback *cb,
                                                        uint32_t op);

/* Answer the CALL in `record` as conn->behaviour says; without conn->callbacks, with PROG_UNAVAIL.
 * CLIENT_CLOSED: this included closing the connection. */
MUST_USE enum client_status client_callback_answer(struct client_conn *conn,
                                                   const struct client_record *record);

/* Send the replies held back on this connection, optionally in reverse order. */
MUST_USE enum client_status client_callback_release(struct client_conn *conn, bool last_first);
