/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sr_status_flags (RFC 8881 §18.46.3): what SEQUENCE tells a client about its state and its back
 * channel.  docs/status-flags.md says for each flag what sets and what clears it.  A client that is
 * told something wrong may recover for ever.
 *
 * On the path of every request: a few loads when all is well, never a lock.
 */
#pragma once

#include "state/session/session.h"

uint32_t session_status_flags(const struct session *session);

/* SEQUENCE answers OK: its flags; then the lease is renewed. */
uint32_t session_renew(struct session *session, int64_t now_ns);
