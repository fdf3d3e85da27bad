/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a connection does on an epoll event and on its turn.  Only the loop's owner calls these
 * functions; both can lose the loop.
 */
#pragma once

#include <stdint.h>

struct connection;
struct loop;
struct source;

/* The `event` function of the connection's source, once it is connected. */
void connection_event(struct loop *loop, struct source *source, uint32_t events);

/* The connection's turn has come: run what waits, or receive. */
void connection_turn(struct loop *loop, struct connection *conn);
