/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/probe_error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool probe_fail(struct probe *probe, const char *what, enum client_status answer,
                enum nfsstat4 status)
{
    const char *why = client_status_name(answer);

    if (answer == CLIENT_OK)
        why = status_name(status);
    else if (answer == CLIENT_FAILED)
        why = strerror(errno);
    (void)snprintf(probe->error, sizeof(probe->error), "%s: %s", what, why);
    return false;
}

bool probe_fail_secure(struct probe *probe, const struct client_conn *conn,
                       enum client_status answer)
{
    if (!*conn->why)
        return probe_fail(probe, "connect", answer, NFS4_OK);
    (void)snprintf(probe->error, sizeof(probe->error), "%s", conn->why);
    return false;
}
