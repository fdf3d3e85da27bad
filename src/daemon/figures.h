/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server has counted, as lines of the log: for whoever asks by SIGUSR1.
 */
#pragma once

struct state;
struct transport;

/* The lines daemon.figures and daemon.transport, client.figures for each of LIMIT_FIGURES_CLIENTS
 * clients, and session.figures for each of LIMIT_FIGURES_SESSIONS sessions. */
void figures_log(struct state *state, struct transport *transport);
