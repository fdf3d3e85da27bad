/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transport with a program of its own, and the bytes that clients send it over real sockets:
 * shared by the tests of transport/. Everything ends the test by assertion when it fails.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "transport/connection.h"
#include "transport/rpc_call.h"
#include "transport/transport.h"

enum {
    TEST_PROGRAM = 0x20000063,
    TEST_VERSION_LOW = 3,
    TEST_VERSION_HIGH = 5,
    NULL_REPLY_BYTES = 28,
    NULL_CALL_BYTES = 44,
    CLIENT_TIMEOUT_S = 60,
};

/* Procedures. Arguments are words; "echo" means that all of them are answered unchanged. */
enum test_proc {
    PROC_NULL,
    PROC_ECHO,
    PROC_GATE_WILL, /* echo; inside worker_will_block() until rpc_server_open_gate() */
    PROC_GATE_MAY,  /* the same inside worker_may_block() */
    PROC_SLEEP_MAY, /* echo; word 0: microseconds asleep inside worker_may_block() */
    PROC_FILL,      /* word 0: n words 0, 1, 2, ... */
    PROC_TAIL, /* word 0: length, word 1: where the file is cut off before it is sent; with a third
                  word, what is done afterwards waits at the gate */
    PROC_CRED, /* uid, gid, gid count, gids */
    PROC_GARBAGE,
    PROC_UNAVAIL,
    PROC_SYSTEM_ERR,
    PROC_DROP,
    PROC_OVERFLOW, /* more than a reply holds */
    PROC_SHUTDOWN, /* connection_shutdown(), then a reply */
    PROC_USER,     /* stores memory on the connection (then it counts calls); answers its id */
    PROC_NAP,      /* sleeps a fifth of a second outside of any section */
    PROC_SEND, /* word 0: sends that many CALL records; answers how many were taken, and the rest */
    PROC_RUN_MAY, /* word 0: microseconds busy inside worker_may_block(); 0: until the gate opens */
    PROC_PIECES,  /* word 0: length, from memory, in pieces of 1, 2, 3, ... bytes */
};

struct rpc_server {
    struct transport *transport;
    struct rpc_program program;
    _Atomic bool gate_open;
    _Atomic unsigned gate_waiting;
    _Atomic unsigned long_sections; /* that may have cost the thread its loop, of PROC_SLEEP_MAY
                                       and PROC_RUN_MAY */
    _Atomic unsigned closed;        /* number of closed hooks that have run */
    _Atomic unsigned closed_early;  /* hooks that ran during a call of the connection */
    _Atomic unsigned tails_done;
    _Atomic unsigned replies_seen;
    _Atomic bool replies_wanted;
    _Atomic bool replies_block; /* inside worker_will_block(), until the gate opens */
};

/* `loops` 0: default; `send_buffer_bytes` as in the config. */
void rpc_server_start(struct rpc_server *server, unsigned loops, int send_buffer_bytes);

/* `spin_us` as in the config. */
void rpc_server_start_spinning(struct rpc_server *server, unsigned loops, uint32_t spin_us);

/* With two loops and these limits; 0: the usual one. */
void rpc_server_start_tls(struct rpc_server *server, uint32_t tls_records_max,
                          uint32_t tls_handshakes_max);

/* With RPCSEC_GSS, and two loops. */
void rpc_server_start_gss(struct rpc_server *server, const struct transport_gss *gss);

/* With a program of the test's own; its context is `server`. */
void rpc_server_start_with(struct rpc_server *server, unsigned loops,
                           enum rpc_result (*run)(struct rpc_call *call, void *context),
                           enum rpc_result (*resume)(struct rpc_call *call, void *context));

/* Opens the gate, drains, destroys; asserts that there was one hook for each closed connection. */
void rpc_server_stop(struct rpc_server *server);

void rpc_server_open_gate(struct rpc_server *server);

/* Wait until it is open. */
void rpc_server_gate_wait(struct rpc_server *server);
struct transport_stats rpc_server_stats(struct rpc_server *server);

/* Does no loop ask for events for a while? */
bool rpc_server_rests(struct rpc_server *server);

/* Wait (bounded) until *value is `wanted`, or at least that. */
void wait_unsigned(_Atomic unsigned *value, unsigned wanted);

/* A blocking socket with timeouts, connected to the server. */
int client_connect(const struct rpc_server *server);

/* The same from an IPv4 address of this machine, in host byte order. */
int client_connect_from(const struct rpc_server *server, uint32_t source);

/* The same with a small receive buffer, and non-blocking. */
int client_connect_small(const struct rpc_server *server, int receive_bytes);

void client_send(int fd, const void *data, size_t len);
void client_receive(int fd, void *data, size_t len);

/* One record, with its fragments joined; returns its length, which must fit into `size`. */
size_t client_receive_record(int fd, void *data, size_t size);

/* Asserts that the server closes the connection, whatever it sends before. */
void client_expect_close(int fd);

/* A record with mark: CALL of TEST_PROGRAM version 4 with AUTH_NONE and words as arguments.
 * Returns its length. */
size_t call_encode(uint8_t *out, uint32_t xid, uint32_t proc, const uint32_t *words, size_t count);

/* Send a call with words as arguments. */
void client_call(int fd, uint32_t xid, uint32_t proc, const uint32_t *words, size_t count);

/* Receive one successful reply: its xid; its result words in *words, *count of them. */
uint32_t client_reply(int fd, uint32_t *words, size_t max, size_t *count);

/* A NULL call and its answer: the server is alive. */
void client_ping(int fd, uint32_t xid);
