/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile peers of the server under test (protocol/script.h): sockets without a client behind them,
 * and what the server's counters and memory show of the damage.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A non-blocking connection from `source` ("127.0.0.1"); -1 when it is refused. */
int stranger_connect(const char *source);

/* Connect `most` times, or as often as descriptors allow; returns how often. */
unsigned stranger_connect_many(const char *source, int *fds, unsigned most);

/* Send as much as the socket takes at once; -1 when the server has closed it. */
long stranger_send(int fd, const void *data, size_t len);

/* Send the mark of a record of `len` bytes. */
void stranger_send_mark(int fd, uint32_t len);

/* Has the server closed it? Discards data that the server sent before. */
bool stranger_is_closed(int fd);

void stranger_close_all(const int *fds, unsigned count);

/* Send SIGUSR1; returns the value of `key` in the event's next line. */
uint64_t stranger_stat(const char *event, const char *key);

/* Resident memory of the server. */
uint64_t stranger_server_bytes(void);
