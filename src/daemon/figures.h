/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the server's counters to the log, on SIGUSR1.
 */
#pragma once

struct server;
struct transport;

/* The lines daemon.figures, daemon.transport, daemon.callbacks and, where minor version 0 is built,
 * daemon.duplicates; client.figures for each of LIMIT_FIGURES_CLIENTS clients, and session.figures
 * for each of LIMIT_FIGURES_SESSIONS sessions. */
void figures_log(const struct server *server, struct transport *transport);
