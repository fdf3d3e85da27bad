/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of 4.0 that receives the server's callbacks: sockets of the test, which answer as the
 * test says. Any error here fails the test.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "callback/dial_out.h"
#include "wire/rpc_msg.h"

enum {
    PEER_PROGRAM = 0x40000abc, /* or the next number, after a change of the callback */
    PEER_IDENT = 0x01020304,
    PEER_UID = 1234,
    PEER_GID = 65534,
};

/* A socket bound to a port of the loopback, listening when `backlog` >= 0, and the target to reach
 * it. */
int peer_open(int family, int backlog, struct dial_target *target);

/* A listener that answers no connection attempt: connections of the test fill its backlog. */
#define PEER_FILLERS 4
int peer_open_silent(struct dial_target *target, int *fillers);
void peer_close_silent(int listener, const int *fillers);

/* The next connection; waits for it. */
int peer_accept(int listener);

/* A call as received, with its operations still encoded in x. */
struct peer_call {
    struct rpc_call_header header;
    struct authsys_parms sys;        /* of AUTH_SYS */
    uint32_t minor, ident, op_count; /* of CB_COMPOUND */
    struct xdr x;
    struct arena arena;
    uint8_t bytes[LIMIT_CALLBACK_CALL_BYTES];
};

/* Receive the next record, as it is; returns its length. */
size_t peer_receive_record(int fd, uint8_t *bytes, size_t size);

/* The same, decoded; checks the parts of the header that are the same in all calls. */
void peer_receive(int fd, struct peer_call *call);
void peer_call_fini(struct peer_call *call);

/* Receive a CB_NULL or a CB_COMPOUND with one CB_RECALL; returns its xid. */
uint32_t peer_expect_null(int fd);
uint32_t peer_expect_recall(int fd);

/* Reply: accepted, SUCCESS, and these words as results. */
void peer_reply(int fd, uint32_t xid, const uint32_t *words, size_t count);

/* Reply so to CB_NULL, and to one CB_RECALL with this status. */
void peer_reply_null(int fd, uint32_t xid);
void peer_reply_recall(int fd, uint32_t xid, uint32_t status);

/* Send any bytes, with or without a record mark before them. */
void peer_send_record(int fd, const void *data, size_t len);
void peer_send(int fd, const void *data, size_t len);

/* Wait until the other side has closed. */
void peer_expect_close(int fd);

/* A client in a thread of its own that answers all callbacks, over any number of connections. */
struct peer_server;
struct peer_server *peer_server_start(int family, struct dial_target *target);
unsigned peer_server_stop(struct peer_server *server); /* Returns how many calls it answered. */
