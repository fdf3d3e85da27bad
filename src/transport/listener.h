/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets; transport_listen() makes them.  All of them are in the set of loop 0. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "transport/source.h"

struct loop;
struct transport;

struct listener {
    struct source source;
    int fd; /* -1: closed */
    uint16_t port;
};

/* Add the listeners to the epoll set of the loop. */
bool listeners_start(struct loop *loop) MUST_USE;

/* Accept again if the pause is over.  For the owner of loop 0. */
void listeners_resume(struct loop *loop);

/* Stop accepting.  For the owner of loop 0, or when no loop runs. */
void listeners_close(struct transport *transport);
