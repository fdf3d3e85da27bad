/* SPDX-License-Identifier: Apache-2.0 */
#include "state/client/client_caller.h"

#include <endian.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static bool text_copy(const char **to, const char *from, size_t most)
{
    size_t len = from ? strnlen(from, most) : 0;
    char *copy;

    *to = NULL;
    if (!from)
        return true;
    copy = memory_alloc(MEMORY_clients, len + 1);
    if (!copy)
        return false;
    memcpy(copy, from, len);
    copy[len] = '\0';
    *to = copy;
    return true;
}

bool client_caller_copy(struct client_caller *to, const struct client_caller *from)
{
    *to = *from;
    to->certificate = NULL; /* not the caller's, should the name fail */
    if (!text_copy(&to->name, from->name, PTRDIFF_MAX))
        return false;
    if (text_copy(&to->certificate, from->certificate, LIMIT_CLIENT_CERTIFICATE_BYTES))
        return true;
    client_caller_free(to);
    return false;
}

void client_caller_free(struct client_caller *caller)
{
    memory_free(MEMORY_clients, (char *)caller->name);
    memory_free(MEMORY_clients, (char *)caller->certificate);
    caller->name = caller->certificate = NULL;
}

uint64_t client_caller_lasting(const struct client_caller *caller)
{
    uint8_t hash[crypto_generichash_BYTES];
    uint64_t value;

    if (!client_principal_is_gss(caller->principal))
        return client_principal_uid(caller->principal);
    CHECK(caller->name && crypto_generichash(hash, sizeof(hash), (const uint8_t *)caller->name,
                                             strlen(caller->name), NULL, 0) == 0);
    memcpy(&value, hash, sizeof(value));
    return le64toh(value) & ~CLIENT_PRINCIPAL_GSS;
}

const char *client_caller_format(const struct client_caller *caller,
                                 char text[CLIENT_CALLER_TEXT_BYTES])
{
    bool plain = strcmp(caller->transport, "tcp") == 0;

    (void)snprintf(text, CLIENT_CALLER_TEXT_BYTES, "%s%s%s%s%s%s%s", caller->flavor,
                   caller->name ? " " : "", caller->name ? caller->name : "", plain ? "" : ", ",
                   plain ? "" : caller->transport, caller->certificate ? " " : "",
                   caller->certificate ? caller->certificate : "");
    return text;
}
