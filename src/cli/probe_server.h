/* SPDX-License-Identifier: Apache-2.0 */
/* What a server offers: its minor versions and what EXCHANGE_ID tells. */
#pragma once

#include "cli/probe.h"

/* The minor versions, each on a connection of its own. */
bool probe_minors(struct probe *probe);

/* Client id and session on probe->conn, and their end. */
bool probe_session_begin(struct probe *probe);
void probe_session_end(struct probe *probe);

void probe_server_fini(struct probe_server *server);
