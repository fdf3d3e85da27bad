/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listening sockets of the admin endpoint.  Errors are texts without the name of the option.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/check.h"

/* A socket in the file system, which goes with http_socket_close(). */
struct http_socket {
    int fd;     /* -1: closed */
    char *path; /* NULL: a TCP socket */
    dev_t dev;
    ino_t ino;
};

/* Listen on a path, with mode 0600 from the start.  The socket of a dead server that is there is
 * replaced; one on which a process listens, and any other file, is left alone and refused. */
bool http_socket_unix(struct http_socket *socket, const char *path, char *error,
                      size_t error_size) MUST_USE;

/* Would http_socket_unix() do?  Changes nothing. */
bool http_socket_unix_check(const char *path, char *error, size_t error_size) MUST_USE;

bool http_socket_tcp(struct http_socket *socket, const struct sockaddr *address, socklen_t len,
                     char *error, size_t error_size) MUST_USE;

/* Is this an address of the machine alone? */
bool http_address_is_loopback(const struct sockaddr *address);

/* Stop listening, and remove the file if it is still ours. */
void http_socket_close(struct http_socket *socket);

/* Is the peer at the other end of a Unix socket root, or of the process' own user? */
bool http_peer_is_trusted(int fd);

enum {
    HTTP_PEER_BYTES = 64 /* with its NUL */
};

/* Who is at the other end, for the log: "uid 0" over a Unix socket, else "192.0.2.1:900", or
 * "[2001:db8::1]:900". */
void http_peer_print(int fd, char text[HTTP_PEER_BYTES]);
