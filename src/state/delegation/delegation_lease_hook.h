/* SPDX-License-Identifier: Apache-2.0 */
/* What a backend reports of local programs that meet a lease (delegation_lease.h). */
#pragma once

struct state;

/* Start to receive breaks, before the first request; and stop, before the state is destroyed. */
void delegation_lease_start(struct state *state);
void delegation_lease_stop(void);
