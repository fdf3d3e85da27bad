/* SPDX-License-Identifier: Apache-2.0 */
/* Sends the payload of a tail (rpc_tail.h), for the flusher of a connection's queue. */
#pragma once

#include <sys/types.h>

struct connection;
struct rpc_tail;
struct transport;

/* Send a part of what is left; there is some.  The tail is then what is left after that.  Returns
 * what send() does; 0: the file has become shorter.  May block on the disk, so it can lose the
 * loop. */
ssize_t tail_send(struct connection *conn, struct rpc_tail *tail);

/* A file has become shorter: READs copy for a while. */
void tail_was_cut(struct transport *transport);
