/* SPDX-License-Identifier: Apache-2.0 */
/* The seqids of owners and of slots, which follow the replies to what carried them. */
#pragma once

#include "client/client_owner.h"
#include "client/client_session.h"

/* Whether the owner's seqid goes on after this status of an operation that has one. */
bool client_owner_advances(enum nfsstat4 status);

/* The seqid after this one. */
uint32_t client_owner_next(uint32_t seqid);

/* Let the seqids that `c` carried follow its reply. */
void client_owner_follow(const struct client_compound *c, const struct client_result *result);

/* Note a SEQUENCE that succeeded. */
void client_session_advance(struct client_session *session, const struct SEQUENCE4resok *ok);
