/* SPDX-License-Identifier: Apache-2.0 */
/* COMPOUNDs of a probe, in the minor version that it uses. */
#pragma once

#include "cli/probe.h"

/* Begin one: with SEQUENCE, but without in 4.0. */
void probe_call_begin(struct probe *probe, struct client_compound *c);

/* False: no answer, so the probe ends.  Otherwise the caller must free the result. */
MUST_USE bool probe_call(struct probe *probe, struct client_compound *c, struct client_result *r);
