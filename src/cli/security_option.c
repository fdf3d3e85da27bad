/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/security_option.h"

#include "cli/complaint.h"
#include "client/client_security_option.h"

bool security_option_take(const struct invocation *call, struct client_security *security)
{
    const struct client_security_option option = {
        .sec = call->options[SECURITY_OPTION_SEC],
        .tls = call->options[SECURITY_OPTION_TLS] != NULL,
        .ca = call->options[SECURITY_OPTION_TLS_CA],
        .cert = call->options[SECURITY_OPTION_TLS_CERT],
        .key = call->options[SECURITY_OPTION_TLS_KEY],
        .name = call->options[SECURITY_OPTION_TLS_NAME],
    };
    const char *mistake = client_security_option_parse(&option, security);

    if (mistake)
        complaint_print("%s: %s", call->command->noun, mistake);
    return !mistake;
}
