/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_target.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static bool port_valid(const char *text)
{
    char *end;
    long port;

    if (*text < '0' || *text > '9')
        return false;
    port = strtol(text, &end, 10);
    return !*end && port >= 1 && port <= 65535;
}

/* The end of the host: the colon before the port, or the end of `text`.  NULL: not a valid host. */
static const char *host_end(const char *text)
{
    const char *end;

    if (*text != '[') {
        end = text + strcspn(text, ":");
        return end > text && !(*end && strchr(end + 1, ':')) ? end : NULL;
    }
    end = strchr(text, ']');
    return end && end > text + 1 && (end[1] == ':' || !end[1]) ? end + 1 : NULL;
}

const char *client_target_parse(const char *text, bool default_port,
                                char target[CLIENT_TARGET_BYTES])
{
    const char *end = host_end(text);

    if (strlen(text) + sizeof(":65535") > CLIENT_TARGET_BYTES)
        return "the name is too long";
    if (!end)
        return *text != '[' && strchr(text, ':') != strrchr(text, ':')
                   ? "an IPv6 address must be in brackets, for example [::1]:2049"
                   : "the host is missing, for example 127.0.0.1:2049";
    if (!*end && !default_port)
        return "the port is missing, for example 127.0.0.1:2049";
    if (*end && !port_valid(end + 1))
        return "a port is a number from 1 to 65535, for example 127.0.0.1:2049";
    (void)snprintf(target, CLIENT_TARGET_BYTES, "%s", text);
    if (!*end)
        (void)snprintf(target + strlen(target), sizeof(":65535"), ":%u", CLIENT_TARGET_PORT);
    return NULL;
}

const char *client_target_lookup(const char *target)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    char *host = must_strdup(target);
    char *name = *host == '[' ? host + 1 : host;
    int error;

    *strrchr(host, ':') = '\0';
    if (name != host)
        name[strlen(name) - 1] = '\0';
    error = getaddrinfo(name, NULL, &hints, &found);
    if (error == 0)
        freeaddrinfo(found);
    free(host);
    return error == 0 ? NULL : gai_strerror(error);
}
