/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's end of a TCP connection: sends and receives whole records, and raw bytes for tests
 * that misbehave.  Each call ends within the connection's timeout.
 *
 * Not thread safe: a connection belongs to one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/list.h"
#include "client/client_behaviour.h"

enum client_status {
    CLIENT_OK,
    CLIENT_TIMEOUT,
    CLIENT_CLOSED,    /* by the peer: end of file or reset */
    CLIENT_FAILED,    /* could not connect, send or receive: see errno */
    CLIENT_MALFORMED, /* a reply violates the protocol */
    CLIENT_REJECTED,  /* an RPC error instead of results */
};

const char *client_status_name(enum client_status status);

struct client_security; /* client/client_security.h */

/* AUTH_NONE, or AUTH_SYS with these IDs, unless `security` says otherwise. */
#define CLIENT_GIDS 16u
struct client_cred {
    bool none;
    uint32_t uid, gid;
    uint32_t gid_count;
    uint32_t gids[CLIENT_GIDS];
    /* How client_mount_open() secures its connection; NULL: not at all. */
    const struct client_security *security;
};

/* A record that was received: mark removed, fragments joined.  free() it. */
struct client_record {
    struct list link;
    size_t len;
    uint8_t data[];
};

#define CLIENT_STASH_RECORDS 4096u
#define CLIENT_RECORD_BYTES (16u << 20)

struct client_callbacks; /* client/client_callback.h */
struct client_buffers;   /* client_conn.c */
struct client_tls;       /* client/client_tls.h */
struct client_gss;       /* client/client_gss.h */
struct client_gss_calls; /* client/client_gss_call.h */

/* What spoils the next calls by RPCSEC_GSS: bits of client/client_gss.h.  All zero: nothing. */
struct client_gss_fault {
    uint32_t what, number;
    uint32_t calls; /* how many of them; 0 means 1 */
};

#define CLIENT_WHY_BYTES 256u

struct client_conn {
    int fd;          /* -1: closed */
    uint64_t serial; /* counts all connections of this program */
    int timeout_ms;
    uint32_t xid;         /* of the last call */
    uint32_t minor;       /* version of the compound last sent or awaited */
    unsigned stash_count; /* length of `stash` */
    struct client_cred cred;
    struct client_callbacks *callbacks; /* handle calls of the server; NULL: these are refused */
    struct client_behaviour behaviour;  /* how calls of the server are answered */
    struct list stash;                  /* replies that arrived while another one was awaited */
    struct client_buffers *buffers;     /* NULL: at least one system call per record */
    struct client_tls *tls;             /* NULL: plain */
    struct client_gss *gss;             /* NULL: calls by `cred`; set by client_gss_use() */
    uint32_t gss_service;               /* of the next calls */
    bool gss_own;                       /* client_security_begin() made the context */
    bool gss_lenient;                   /* accept replies whose verifier is wrong */
    struct client_gss_fault gss_fault;
    struct client_gss_calls *gss_calls; /* that wait for their replies; NULL: none ever did */
    char why[CLIENT_WHY_BYTES];         /* why it could not be secured, or has ended; or "" */
};

/* Connect to HOST:PORT or [ADDR6]:PORT.  `timeout_ms` also applies to each later call. */
MUST_USE enum client_status client_conn_open(struct client_conn *conn, const char *target,
                                             int timeout_ms);

/* From now on this program connects from ports below 1024, which servers require of clients that
 * act for many users (exports(5), `secure`).  If that is not permitted or none is free, from any
 * port. */
void client_conn_reserve_ports(void);

/* The same for an accepted socket; the connection takes it over. */
void client_conn_adopt(struct client_conn *conn, int fd, int timeout_ms);

/* Close and reset the struct, but for `why`; may be repeated. */
void client_conn_close(struct client_conn *conn);

/* Close with a TCP reset, so that the peer loses what it has not read. */
void client_conn_abort(struct client_conn *conn);

/* Send raw bytes, without a mark. */
MUST_USE enum client_status client_conn_send_raw(struct client_conn *conn, const void *data,
                                                 size_t len);

/* Wait until the socket is ready for `events` of poll(), at most until the deadline. */
MUST_USE enum client_status client_conn_wait(const struct client_conn *conn, short events,
                                             int64_t deadline_ns);

/* The connection's timeout from now on, in terms of clock_now_ns(). */
int64_t client_conn_deadline(const struct client_conn *conn);

/* Send one record, in fragments of at most `fragment_bytes` (0: one fragment). */
MUST_USE enum client_status client_conn_send_record(struct client_conn *conn, const void *data,
                                                    size_t len, size_t fragment_bytes);

/* Receive the next record, CALL or REPLY, without interpreting it. */
MUST_USE enum client_status client_conn_receive_record(struct client_conn *conn,
                                                       struct client_record **record);

/* Receive what is there, without waiting and past client_conn_buffer(): like recv(). */
ssize_t client_conn_receive(struct client_conn *conn, void *data, size_t len);

/* Until the connection is closed: receive as much as possible per system call, and send nothing
 * until client_conn_flush(), or until a reply is awaited.  For programs that measure a server. */
void client_conn_buffer(struct client_conn *conn);
MUST_USE enum client_status client_conn_flush(struct client_conn *conn);

/* Is a complete record buffered, or part of one decrypted?  Then waiting for the socket would be
 * wrong. */
bool client_conn_ready(const struct client_conn *conn);

/* Read and drop all that has arrived, without waiting. */
void client_conn_drain(struct client_conn *conn);

/* CLIENT_CLOSED if the peer closes the connection within `wait_ms`, whatever it sends before;
 * otherwise CLIENT_TIMEOUT. */
enum client_status client_conn_wait_close(struct client_conn *conn, int wait_ms);
