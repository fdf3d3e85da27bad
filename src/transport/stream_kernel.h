/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection with TLS whose output the kernel encrypts: its socket takes plain bytes.  For the
 * flusher, as stream.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct connection;

/* At the end of the handshake: have the kernel send, if the settings say so and it can. */
void stream_kernel_begin(struct connection *conn);

/* As sendmsg() and sendfile(). */
ssize_t stream_kernel_send(struct connection *conn, const struct iovec *iov, size_t count,
                           bool more);
ssize_t stream_kernel_sendfile(struct connection *conn, int fd, uint64_t offset, size_t len);

/* Say why the session ends, behind what was sent.  One attempt: a full socket loses it. */
void stream_kernel_end(struct connection *conn);
