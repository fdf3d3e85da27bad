/* SPDX-License-Identifier: Apache-2.0 */
/* What the log says when the server is told to end. */
#pragma once

#include <signal.h>

struct server;
struct transport;

/* One line, `daemon.stop`: which signal from which process ends the server, and what clients have
 * or wait for at that moment.  Before connections are closed. */
void shutdown_log(const siginfo_t *cause, const struct server *server, struct transport *transport);
