/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `mainstay probe`: arguments and exit status.
 */
#include "cli/probe_command.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/complaint.h"
#include "cli/probe.h"
#include "cli/probe_print.h"
#include "cli/security_option.h"
#include "client/client_conn.h"
#include "client/client_target.h"

static int run(const char *target, const struct client_security *security, bool json)
{
    const struct client_cred cred = {.uid = geteuid(), .gid = getegid(), .security = security};
    struct probe *probe;
    int code = COMMAND_OK;
    const char *complaint = client_target_lookup(target);

    if (complaint) {
        complaint_print("probe of %s: %s", target, complaint);
        return COMMAND_FAILED;
    }
    probe = must_malloc(sizeof(*probe));
    if (!probe_run(probe, target, &cred)) {
        complaint_print("probe of %s: %s", target, probe->error);
        code = COMMAND_FAILED;
    } else if (!json) {
        probe_print_text(probe);
    } else if (!probe_print_json(probe)) {
        complaint_print("probe of %s: the report can't be written", target);
        code = COMMAND_FAILED;
    }
    probe_fini(probe);
    free(probe);
    return code;
}

int probe_command(const struct invocation *call)
{
    const char *text = call->arguments[0];
    char target[CLIENT_TARGET_BYTES];
    const char *mistake = client_target_parse(text, true, target);
    struct client_security security;

    if (mistake) {
        complaint_print("probe: '%s': %s", text, mistake);
        return COMMAND_USAGE;
    }
    if (!security_option_take(call, &security))
        return COMMAND_USAGE;
    client_conn_reserve_ports();
    return run(target, &security, call->globals[GLOBAL_JSON] != NULL);
}
