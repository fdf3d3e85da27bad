/* SPDX-License-Identifier: Apache-2.0 */
/* The seqids of owners and of slots, which follow the replies to what carried them. */
#pragma once

#include "client/client_owner.h"
#include "client/client_session.h"

/* Does the owner's seqid advance with this status? */
bool client_owner_advances(enum nfsstat4 status);

/* The seqid after this one. */
uint32_t client_owner_next(uint32_t seqid);

/* Advance the seqids that `c` carried, according to its reply. */
void client_owner_follow(const struct client_compound *c, const struct client_result *result);

/* Advance after a successful SEQUENCE. */
void client_session_advance(struct client_session *session, const struct SEQUENCE4resok *ok);
