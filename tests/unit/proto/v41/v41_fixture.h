/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole server in this process, reached over loopback TCP, and COMPOUNDs encoded and decoded with
 * the server's own filters. Helpers assert; a test contains only what is specific to it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "proto/compound.h"
#include "state/session/session.h"
#include "transport/transport.h"
#include "wire/nfs4_codec.h"
#include "wire/nfs4_op.h"

enum {
    LEASE_S = 30,
    CALL_BYTES = 1 << 16
};

extern struct server test_server;

struct transport_stats v41_transport_stats(void);

/* Fixtures of one test: a server with the export /=mem:, and one connection. */
int v41_set_up(void **unused);
int v41_tear_down(void **unused);

/* Called by v41_set_up(), if set, with the file system that it is about to export. */
extern void (*v41_backend_made)(struct vfs *fs);

/* What the next v41_set_up() exports; NULL: `/=mem:,no_root_squash`. */
extern const char *v41_export;

/* Called, if set, before a call runs: to make it that of another caller, for instance. */
extern void (*v41_call_comes)(struct rpc_call *call);

/* Of the COMPOUNDs that v41_begin() makes: 1, unless set. */
extern uint32_t v41_minor;

/* How many clients the next v41_set_up() has room for; 0: the default. */
extern uint32_t v41_clients_max;

/* Another connection; and the first one, which always exists. */
int v41_connect(void);
extern int v41_fd;

struct v41_call {
    uint32_t procedure, minor, uid;
    uint32_t xid;        /* 0: a new one each time */
    const char *machine; /* the machine name in the credentials */
    const void *tag;
    uint32_t tag_len;
    uint32_t op_count; /* counted by v41_op() */
    struct xdr x;      /* the operations */
    uint8_t ops[CALL_BYTES];

    /* The reply. */
    uint32_t accept_stat;
    enum nfsstat4 status;
    struct wire_opaque reply_tag;
    uint32_t result_count;
    struct xdr results;
    uint8_t body[CALL_BYTES * 2]; /* the encoded COMPOUND4res */
    uint32_t body_len;
    struct arena *arena; /* for arrays in results; NULL in threads other than the main one */
};

/* An empty COMPOUND of v41_minor as uid 0 with the tag "test". */
void v41_begin(struct v41_call *call);

/* Begin the next operation; its arguments are encoded into call->x. */
struct xdr *v41_op(struct v41_call *call, uint32_t op);

/* The next operation with its arguments. */
void v41_put(struct v41_call *call, struct nfs_argop4 *op);

/* Send it over the first connection; returns the last result. */
const struct nfs_resop4 *v41_last(struct v41_call *call);

/* Put the operation; it must be the last result's, with that status. */
void v41_put_last(struct v41_call *call, struct nfs_argop4 *op, enum nfsstat4 status);

/* Revoke all opens of the client, which must be that many. */
void v41_revoke(uint64_t clientid, enum nfsstat4 why, uint32_t opens);

/* The halves of v41_roundtrip(), for calls with an xid; the reply need not be received. */
void v41_send(int fd, const struct v41_call *call);
void v41_receive(int fd, struct v41_call *call);

/* Send it over `fd`, wait for the reply, decode its head. */
void v41_roundtrip(int fd, struct v41_call *call);

/* The next result must be that of `op`; returns its status. */
enum nfsstat4 v41_result(struct v41_call *call, uint32_t op);

/* A client with a session. Slot 0 is reserved for the helpers. */
struct v41_session {
    uint64_t clientid;
    uint8_t id[NFS4_SESSIONID_SIZE];
    struct CREATE_SESSION4resok granted;
    uint32_t seqid; /* of slot 0: the next one */
};

void v41_args_exchange_id(struct xdr *x, const char *owner);
struct channel_attrs4 v41_attrs(void);

/* EXCHANGE_ID and CREATE_SESSION; `fore` may be NULL. */
void v41_session_make(int fd, const char *owner, const struct channel_attrs4 *fore,
                      struct v41_session *session);

/* SEQUENCE as the next operation: slot, seqid, sa_cachethis. */
void v41_op_sequence(struct v41_call *call, const struct v41_session *session, uint32_t slot,
                     uint32_t seqid, bool cache);

/* v41_begin() and SEQUENCE in slot 0 with the next seqid. */
void v41_begin_in(struct v41_call *call, struct v41_session *session, bool cache);

/* LOOKUP and CREATE of a directory in the current one. */
void v41_op_lookup(struct v41_call *call, const char *name);
void v41_op_mkdir(struct v41_call *call, const char *name);
void v41_op_getattr(struct v41_call *call, uint32_t word0);
