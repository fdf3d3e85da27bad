/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a connection does when epoll reports it, and when it has its turn.  Both functions are the
 * loop owner's, and can lose the loop.
 */
#pragma once

#include <stdint.h>

struct connection;
struct loop;
struct source;

/* The `event` of its source, once it is up. */
void connection_event(struct loop *loop, struct source *source, uint32_t events);

/* It is the connection's turn: run what waits, or receive. */
void connection_turn(struct loop *loop, struct connection *conn);
