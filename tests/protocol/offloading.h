/* SPDX-License-Identifier: Apache-2.0 */
/* Copies that go on after their reply (RFC 7862 §4.8): how they begin and end. */
#pragma once

#include "copying.h"
#include "holder.h"

/* COPY, which must become asynchronous.  Returns the copy's stateid. */
struct stateid4 offloading_begin(struct client_mount *mount, const struct copying *copying);

/* OFFLOAD_STATUS or OFFLOAD_CANCEL; its result is in R. */
enum nfsstat4 offload(struct client_mount *mount, const struct client_fh *fh, uint32_t op,
                      const struct stateid4 *stateid);

/* Has it ended, as OFFLOAD_STATUS in R says? */
bool offloading_is_over(void);

/* The CB_OFFLOAD of that copy, from callback *number on, which becomes its number; NULL: it has not
 * come. */
const struct client_callback_op *offloading_heard(const struct holder *holder,
                                                  const struct stateid4 *stateid, uint32_t *number);

/* The same; waits for it, and connects again if the server has closed the connection. */
const struct client_callback_op *offloading_hear(struct holder *holder,
                                                 const struct stateid4 *stateid, uint32_t *number);

/* Wait until the copy is unknown, as it is once the server has the reply to the callback; connects
 * again, too: a reply that was lost with its connection is given to the retry. */
void offloading_expect_gone(struct holder *holder, const struct client_fh *fh,
                            const struct stateid4 *stateid);

/* Where the admin endpoint has the copy, in static memory. */
const char *offloading_path(const struct stateid4 *stateid);
