/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/admin_options.h"

#include <stdio.h>
#include <string.h>

#include "admin/http/http_socket.h"
#include "transport/address.h"

static bool address_check(const struct admin_options *options, const struct admin_address *address,
                          char *error, size_t size)
{
    const struct sockaddr *addr = (const struct sockaddr *)&address->addr;
    char text[ADDRESS_TEXT_BYTES];

    if (address->path)
        return true;
    address_format(addr, text, sizeof(text));
    if (!options->token_file) {
        (void)snprintf(error, size,
                       "%s: over TCP requests need a token; give a file of them with "
                       "--admin-token, or as admin_token in the configuration file",
                       text);
        return false;
    }
    if (options->open || http_address_is_loopback(addr))
        return true;
    (void)snprintf(error, size,
                   "%s: other machines could reach this address%s; "
                   "if that is meant, say --admin-open, or admin_open: true in the configuration "
                   "file",
                   text,
                   options->tls == ADMIN_TLS_OFF ? ", and requests are not encrypted (--admin-tls)"
                                                 : "");
    return false;
}

bool admin_options_check(const struct admin_options *options, char *error, size_t size)
{
    if (options->none && options->count > 0) {
        (void)snprintf(error, size, "none goes with no other address");
        return false;
    }
    for (uint32_t i = 0; i < options->count; i++) {
        if (!address_check(options, &options->at[i], error, size))
            return false;
    }
    return true;
}

void admin_options_fill(struct admin_options *options, const char *state_dir)
{
    static const char name[] = "/admin.sock";
    size_t size = strlen(state_dir) + sizeof(name);
    struct admin_address *address = &options->at[options->count];

    if (options->none || config_admin_has_socket(options))
        return;
    address->path = must_malloc(size);
    (void)snprintf(address->path, size, "%s%s", state_dir, name);
    address->usual = true;
    options->count++;
}
