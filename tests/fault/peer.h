/* SPDX-License-Identifier: Apache-2.0 */
/* Connections to the server under test from a given address of the loopback, and from a reserved
 * port or another one. */
#pragma once

#include <stdbool.h>

#include "client/client_conn.h"

/* From `address` (127.0.0.N) and a port below 1024, or from 1024 up. Fails the test when that is
 * not possible; only root may use a reserved port. */
void peer_connect(struct client_conn *conn, const char *address, bool reserved);
