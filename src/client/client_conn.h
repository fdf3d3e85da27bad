/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's end of a TCP connection: whole records in and out, and any bytes whatever, for
 * tests that misbehave.  Every call ends within the connection's time limit.
 *
 * Not thread safe: a connection belongs to one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/list.h"
#include "client/client_manner.h"

enum client_status {
    CLIENT_OK,
    CLIENT_TIMEOUT,
    CLIENT_CLOSED,    /* by the peer: an end of file or a reset */
    CLIENT_FAILED,    /* to connect, send or receive; errno says why */
    CLIENT_MALFORMED, /* what came is not what the protocol allows */
    CLIENT_REJECTED,  /* an RPC error instead of results */
};

const char *client_status_name(enum client_status status);

/* AUTH_NONE, or AUTH_SYS with these numbers. */
#define CLIENT_GIDS 16u
struct client_cred {
    bool none;
    uint32_t uid, gid;
    uint32_t gid_count;
    uint32_t gids[CLIENT_GIDS];
};

/* A record that came in, mark stripped, fragments joined.  free() it. */
struct client_record {
    struct list link;
    size_t len;
    uint8_t data[];
};

#define CLIENT_STASH_RECORDS 4096u
#define CLIENT_RECORD_BYTES (16u << 20)

struct client_callbacks; /* client/client_callback.h */
struct client_buffers;   /* client_conn.c */

struct client_conn {
    int fd;          /* -1: closed */
    uint64_t serial; /* of all that this program opened */
    int timeout_ms;
    uint32_t xid;         /* of the last call */
    uint32_t minor;       /* version of the compound that was sent or awaited last */
    unsigned stash_count; /* in `stash` */
    struct client_cred cred;
    struct client_callbacks *callbacks; /* answers the server's calls; NULL: they are refused */
    struct client_manner manner;        /* how it answers them */
    struct list stash;                  /* replies that came while another was awaited */
    struct client_buffers *buffers;     /* NULL: each record is a system call or more */
};

/* Connect to HOST:PORT or [ADDR6]:PORT.  `timeout_ms` holds for each later call, too. */
MUST_USE enum client_status client_conn_open(struct client_conn *conn, const char *target,
                                             int timeout_ms);

/* From now on this program connects from ports below 1024, which servers require of a client that
 * acts for many users (exports(5), `secure`); where it may not, or none is free, from any. */
void client_conn_reserve_ports(void);

/* The same for a socket that was accepted; it becomes the connection's. */
void client_conn_adopt(struct client_conn *conn, int fd, int timeout_ms);

/* Close and forget; may be repeated. */
void client_conn_close(struct client_conn *conn);

/* Close with a reset, so that the peer loses what it has not read. */
void client_conn_abort(struct client_conn *conn);

/* Any bytes, with no mark. */
MUST_USE enum client_status client_conn_send_raw(struct client_conn *conn, const void *data,
                                                 size_t len);

/* One record, in fragments of at most `fragment_bytes` (0: in one). */
MUST_USE enum client_status client_conn_send_record(struct client_conn *conn, const void *data,
                                                    size_t len, size_t fragment_bytes);

/* The next record, CALL or REPLY, unlooked at. */
MUST_USE enum client_status client_conn_receive_record(struct client_conn *conn,
                                                       struct client_record **record);

/* From now on, until it is closed: receive as much as there is with each call, and send nothing
 * until client_conn_flush(), or until something is awaited.  What a program does that measures a
 * server and not itself. */
void client_conn_buffer(struct client_conn *conn);
MUST_USE enum client_status client_conn_flush(struct client_conn *conn);

/* Is a whole record here, with buffers?  Then the socket need not become readable for it. */
bool client_conn_ready(const struct client_conn *conn);

/* CLIENT_CLOSED when the peer has closed within `wait_ms`, whatever it sent before, otherwise
 * CLIENT_TIMEOUT. */
enum client_status client_conn_wait_close(struct client_conn *conn, int wait_ms);
