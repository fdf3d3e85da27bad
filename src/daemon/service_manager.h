/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service manager that started the server, if one did: systemd, or who speaks its protocols,
 * sd_notify(3) and sd_listen_fds(3).  Without one, nothing is told and nothing is given.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

enum {
    SERVICE_MANAGER_SOCKETS = 16, /* at most, as LIMIT_LISTENERS */
    SERVICE_MANAGER_STATE_BYTES = 2048,
};

struct service_manager_sockets {
    uint32_t count;
    int fds[SERVICE_MANAGER_SOCKETS];
};

/* The sockets that the manager has opened for us, of its Sockets=.  They are the caller's, and not
 * inherited by programs that it starts.  False after an error message: what was given is no
 * listening TCP socket, or too many.  To be called once, before threads are started. */
bool service_manager_take_sockets(struct service_manager_sockets *sockets) MUST_USE;

/* Tell it READY=1 with a STATUS=, or STOPPING=1, once each and in at most
 * SERVICE_MANAGER_STATE_BYTES.  Never waits: what a manager that does not read has no room for, is
 * told by service_manager_tick().  For the main thread. */
void service_manager_tell(const char *state);

/* Tell again what the manager has not taken.  For the main thread, every second and at its end. */
void service_manager_tick(void);

/* Tell it that the server is well.  Never waits; the caller does it again before long. */
void service_manager_feed(void);

/* How often it wants to hear of the server (half of WatchdogSec=), in milliseconds; 0: never. */
uint32_t service_manager_watch_ms(void);
