/* SPDX-License-Identifier: Apache-2.0 */
/* What dial.c does for the end of a connection. */
#pragma once

struct connection;

/* Its socket is about to be closed. */
void dial_closed(struct connection *conn);
