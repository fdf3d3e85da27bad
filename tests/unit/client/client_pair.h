/* SPDX-License-Identifier: Apache-2.0 */
/* A client connection whose server is the test itself, at the other end of a socket pair: without a
 * network (S22B-12). */
#pragma once

#include "client/client_callback.h"
#include "client/client_compound.h"

struct client_pair {
    struct client_conn conn;
    struct client_conn server; /* the test's end */
};

/* Fixtures: *state is the pair. */
int client_pair_setup(void **state);
int client_pair_teardown(void **state);

/* Receive the next call; *args is what follows its header, and is valid as long as *record. */
void client_pair_take(struct client_pair *pair, struct client_record **record,
                      struct rpc_call_header *header, struct wire_opaque *args);

/* Answer a call with SUCCESS and these words. */
void client_pair_answer(struct client_pair *pair, uint32_t xid, const uint32_t *words,
                        size_t count);
