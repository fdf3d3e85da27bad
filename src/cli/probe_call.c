/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/probe_call.h"

#include "cli/probe_error.h"

void probe_call_begin(struct probe *probe, struct client_compound *c)
{
    if (probe->minor == 0)
        client_compound_begin(c, client_text("probe"), 0);
    else
        client_compound_begin_slot(c, &probe->session, 0, false);
}

bool probe_call(struct probe *probe, struct client_compound *c, struct client_result *r)
{
    enum client_status answer = client_compound_call(&probe->conn, c, r);

    client_compound_free(c);
    if (answer == CLIENT_OK)
        return true;
    probe_fail(probe, "walking the name space", answer, NFS4_OK);
    if (answer == CLIENT_REJECTED)
        client_result_free(r);
    return false;
}
