/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/admin_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/http/http_socket.h"
#include "daemon/console.h"
#include "transport/address.h"

static bool has_socket(const struct admin_options *options)
{
    for (uint32_t i = 0; i < options->count; i++) {
        if (options->at[i].path)
            return true;
    }
    return false;
}

bool admin_option_add(struct admin_options *options, const char *text)
{
    static const char prefix[] = "unix:";
    struct admin_address *address = &options->at[options->count];

    if (strcmp(text, "none") == 0) {
        options->none = true;
        return true;
    }
    /* One place stays for the socket that is there without being named. */
    if (options->count + (has_socket(options) ? 0u : 1u) >= LIMIT_ADMIN_LISTENERS) {
        console_error("--admin '%s': too many addresses", text);
        return false;
    }
    if (strncmp(text, prefix, sizeof(prefix) - 1) == 0 && text[sizeof(prefix) - 1] != '\0') {
        address->path = must_strdup(text + sizeof(prefix) - 1);
    } else if (!address_parse(text, &address->addr, &address->len)) {
        console_error("--admin wants unix:PATH, a numeric ADDR:PORT or none, for example "
                      "127.0.0.1:9101, not '%s'",
                      text);
        return false;
    }
    options->count++;
    return true;
}

static bool address_check(const struct admin_options *options, const struct admin_address *address)
{
    const struct sockaddr *addr = (const struct sockaddr *)&address->addr;
    char text[ADDRESS_TEXT_BYTES];

    if (address->path)
        return true;
    address_format(addr, text, sizeof(text));
    if (!options->token_file) {
        console_error("--admin %s: over TCP requests need a token; give a file of them with "
                      "--admin-token",
                      text);
        return false;
    }
    if (options->open || http_address_is_loopback(addr))
        return true;
    console_error("--admin %s: other machines could reach this address, and requests are not "
                  "encrypted; if that is meant, say --admin-open",
                  text);
    return false;
}

bool admin_options_check(const struct admin_options *options)
{
    if (options->none && options->count > 0) {
        console_error("--admin none goes with no other --admin");
        return false;
    }
    for (uint32_t i = 0; i < options->count; i++) {
        if (!address_check(options, &options->at[i]))
            return false;
    }
    return true;
}

void admin_options_fill(struct admin_options *options, const char *state_dir)
{
    static const char name[] = "/admin.sock";
    size_t size = strlen(state_dir) + sizeof(name);
    struct admin_address *address = &options->at[options->count];

    if (options->none || has_socket(options))
        return;
    address->path = must_malloc(size);
    (void)snprintf(address->path, size, "%s%s", state_dir, name);
    address->usual = true;
    options->count++;
}

void admin_options_fini(struct admin_options *options)
{
    for (uint32_t i = 0; i < options->count; i++)
        free(options->at[i].path);
    free(options->token_file);
    *options = (struct admin_options){0};
}
