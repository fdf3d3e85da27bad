/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/config/config_admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport/address.h"

static const char prefix[] = "unix:";

bool config_admin_has_socket(const struct admin_options *options)
{
    for (uint32_t i = 0; i < options->count; i++) {
        if (options->at[i].path)
            return true;
    }
    return false;
}

bool config_admin_add(struct admin_options *options, const char *text, char *error, size_t size)
{
    struct admin_address *address = &options->at[options->count];

    if (strcmp(text, "none") == 0) {
        options->none = true;
        return true;
    }
    /* One place stays for the socket that is there without being named. */
    if (options->count + (config_admin_has_socket(options) ? 0u : 1u) >= LIMIT_ADMIN_LISTENERS) {
        (void)snprintf(error, size, "'%.64s': too many addresses", text);
        return false;
    }
    if (strncmp(text, prefix, sizeof(prefix) - 1) == 0 && text[sizeof(prefix) - 1] != '\0') {
        address->path = must_strdup(text + sizeof(prefix) - 1);
    } else if (!address_parse(text, &address->addr, &address->len)) {
        (void)snprintf(error, size,
                       "wants unix:PATH, a numeric ADDR:PORT or none, for example 127.0.0.1:9101, "
                       "not '%.64s'",
                       text);
        return false;
    }
    options->count++;
    return true;
}

const char *config_admin_print(const struct admin_options *options, char *text, size_t size)
{
    size_t len = (size_t)snprintf(text, size, "%s", options->none ? "none" : "");

    for (uint32_t i = 0; i < options->count && len < size; i++) {
        const struct admin_address *address = &options->at[i];
        char one[ADDRESS_TEXT_BYTES];

        if (address->usual)
            continue;
        if (!address->path)
            address_format((const struct sockaddr *)&address->addr, one, sizeof(one));
        len += (size_t)snprintf(text + len, size - len, "%s%s%s", len > 0 ? ", " : "",
                                address->path ? prefix : "", address->path ? address->path : one);
    }
    return text;
}

static void addresses_drop(struct admin_options *options)
{
    for (uint32_t i = 0; i < options->count; i++)
        free(options->at[i].path);
    options->count = 0;
}

void config_admin_move(struct admin_options *to, struct admin_options *from)
{
    addresses_drop(to);
    memcpy(to->at, from->at, sizeof(to->at));
    to->count = from->count;
    to->none = from->none;
    memset(from->at, 0, sizeof(from->at));
    from->count = 0;
}

void config_admin_copy(struct admin_options *to, const struct admin_options *from)
{
    *to = *from;
    for (uint32_t i = 0; i < from->count; i++) {
        if (from->at[i].path)
            to->at[i].path = must_strdup(from->at[i].path);
    }
    if (from->token_file)
        to->token_file = must_strdup(from->token_file);
}

void config_admin_fini(struct admin_options *options)
{
    addresses_drop(options);
    free(options->token_file);
    *options = (struct admin_options){0};
}
