/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/probe_error.h"
#include "cli/probe_security.h"
#include "cli/probe_server.h"
#include "cli/probe_tree.h"
#include "client/client_callback.h"
#include "client/client_security.h"

static bool connect_to(struct probe *probe)
{
    enum client_status answer = client_conn_open(&probe->conn, probe->target, PROBE_TIMEOUT_MS);

    if (answer != CLIENT_OK)
        return probe_fail(probe, "connect", answer, NFS4_OK);
    probe->conn.cred = probe->cred;
    answer = client_security_begin(&probe->conn, probe->target, probe->cred.security);
    if (answer != CLIENT_OK)
        return probe_fail_secure(probe, &probe->conn, answer);
    probe->conn.callbacks = probe->callbacks;
    return true;
}

/* The highest reveals most: only 4.2 has its attributes.  4.0 has no session and no EXCHANGE_ID,
 * but its name space can be walked. */
static bool choose_minor(struct probe *probe)
{
    for (probe->minor = PROBE_MINORS; probe->minor-- > 0;)
        if (probe->minors[probe->minor].offered)
            return true;
    (void)snprintf(probe->error, sizeof(probe->error),
                   "the server offers no minor version from 0 to 2");
    return false;
}

bool probe_run(struct probe *probe, const char *target, const struct client_cred *cred)
{
    bool ok;

    memset(probe, 0, sizeof(*probe));
    probe->conn.fd = -1;
    probe->target = target;
    probe->cred = *cred;
    probe->callbacks = must_calloc(1, sizeof(*probe->callbacks));
    if (!probe_minors(probe) || !choose_minor(probe) || !connect_to(probe))
        return false;
    if (!probe_security_tls(probe))
        return false;
    if (probe->minor == 0)
        return probe_tree_walk(probe);
    ok = probe_session_begin(probe) && probe_tree_walk(probe);
    probe_session_end(probe);
    return ok;
}

void probe_fini(struct probe *probe)
{
    if (probe->conn.fd >= 0)
        client_conn_close(&probe->conn);
    free(probe->callbacks);
    probe_security_fini(&probe->tls);
    probe_server_fini(&probe->server);
    probe_tree_fini(&probe->tree);
}
