/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server of the admin endpoint: a table of routes over a few listeners, on a thread of its
 * own.  Over a Unix socket the peer must be root or the process' own user; over TCP, which may be
 * HTTPS, it needs a bearer token.  One request a connection, LIMIT_ADMIN_REQUEST_S long at the
 * most, but for replies that go on (http_stream.h).
 *
 * Life: http_server_create, http_server_listen_* (once or more), http_server_start,
 * http_server_stop, http_server_destroy; these from one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "admin/http/http_route.h"
#include "base/check.h"

struct http_server;
struct http_tls;
struct http_tokens;

/* The routes stay the caller's; handlers get `context`. */
struct http_server *http_server_create(const struct http_route *routes, size_t count,
                                       void *context);

/* False with what is wrong in `error`. */
bool http_server_listen_unix(struct http_server *server, const char *path, char *error,
                             size_t error_size) MUST_USE;
bool http_server_listen_tcp(struct http_server *server, const struct sockaddr *address,
                            socklen_t len, char *error, size_t error_size) MUST_USE;

/* From now on these are valid, and no others; at first there are none.  True: they differ from
 * those before.  Any thread. */
bool http_server_set_tokens(struct http_server *server, const struct http_tokens *tokens);

/* Would that change any?  Any thread. */
bool http_server_differ(struct http_server *server, const struct http_tokens *tokens);

/* Before http_server_listen_tcp(): it speaks TLS by this.  Later, instead of what was given before:
 * for connections to come; those whose clients it would not let in end soon.  Keeps a reference.
 * False: nothing is done, as that before was read later (tls_context_is_before()).  Any thread. */
bool http_server_set_tls(struct http_server *server, struct http_tls *tls);

/* Where the n-th listener listens; false: it is no TCP socket. */
bool http_server_address(const struct http_server *server, unsigned n,
                         struct sockaddr_storage *address);

/* False and errno when there is no thread to have. */
bool http_server_start(struct http_server *server) MUST_USE;

/* End the thread, and tell those who still wait for a reply (http_job.h).  False: a handler has not
 * returned in that time; the process should then exit.  NULL is fine. */
bool http_server_stop(struct http_server *server, uint32_t timeout_s) MUST_USE;

/* Close all connections, remove the sockets.  The thread was stopped, or never started.  NULL is
 * fine. */
void http_server_destroy(struct http_server *server);
