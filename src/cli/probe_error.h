/* SPDX-License-Identifier: Apache-2.0 */
/* Why a probe failed. */
#pragma once

#include "cli/probe.h"

/* Note why `what` failed, for want of an answer or by the answer's status.  Returns false. */
bool probe_fail(struct probe *probe, const char *what, enum client_status answer,
                enum nfsstat4 status);

/* Note why a connection could not be secured.  Returns false. */
bool probe_fail_secure(struct probe *probe, const struct client_conn *conn,
                       enum client_status answer);
