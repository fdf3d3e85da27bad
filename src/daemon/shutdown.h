/* SPDX-License-Identifier: Apache-2.0 */
/* The log line at shutdown. */
#pragma once

#include <signal.h>

struct server;
struct transport;

/* Log `daemon.stop`: which signal from which process ends the server, or none if it has drained,
 * and what clients hold or wait for at that moment.  To be called before connections are closed. */
void shutdown_log(const siginfo_t *cause, const struct server *server, struct transport *transport);
