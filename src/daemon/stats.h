/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the server's counters to the log, on SIGUSR1.
 */
#pragma once

struct server;
struct transport;

/* The lines daemon.sessions, daemon.transport, daemon.dial_out and, where minor version 0 is built,
 * daemon.duplicates; client.stats for each of LIMIT_STATS_CLIENTS clients, and session.stats
 * for each of LIMIT_STATS_SESSIONS sessions. */
void stats_log(const struct server *server, struct transport *transport);
