/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever can reach the server under test (protocol/script.h) and means no good: sockets without a
 * client behind them, and what the server's figures and memory say about the damage.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A connection from `source` ("127.0.0.1"), which does not block; -1 when it is refused. */
int stranger_connect(const char *source);

/* Connect `most` times, or as often as descriptors allow, which is what it returns. */
unsigned stranger_connect_many(const char *source, int *fds, unsigned most);

/* Send what the socket takes at once; -1 when the server has closed it. */
long stranger_send(int fd, const void *data, size_t len);

/* The mark of a record of `len` bytes. */
void stranger_send_mark(int fd, uint32_t len);

/* Has the server closed it?  What it has sent before is thrown away. */
bool stranger_is_closed(int fd);

void stranger_close_all(const int *fds, unsigned count);

/* SIGUSR1, and the value of `key` in the line of that event that follows. */
uint64_t stranger_figure(const char *event, const char *key);

/* Resident memory of the server. */
uint64_t stranger_server_bytes(void);
