/* SPDX-License-Identifier: Apache-2.0 */
/* 'PSEUDO=BACKEND[:ARG][,OPT...]' as it stands on the command line. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/export.h"

static bool fail(char *error, size_t size, const char *what, const char *value)
{
    snprintf(error, size, "%s '%s'", what, value);
    return false;
}

static bool parse_u64(const char *text, uint64_t max, uint64_t *out)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return *end == '\0' && errno == 0 && *out <= max;
}

/* Collapse slashes; refuse relative paths, `.`, `..`, and what exceeds the limits. */
static char *path_normalise(const char *text, size_t len)
{
    char *out = must_malloc(len + 2);
    size_t n = 0, depth = 0;

    if (len == 0 || text[0] != '/' || len > LIMIT_PATH_BYTES)
        goto refuse;
    for (size_t i = 0; i < len;) {
        size_t part;

        while (i < len && text[i] == '/')
            i++;
        for (part = 0; i + part < len && text[i + part] != '/';)
            part++;
        if (part == 0)
            break;
        if (part > LIMIT_NAME_BYTES || ++depth > LIMIT_PATH_DEPTH ||
            (part == 1 && text[i] == '.') || (part == 2 && memcmp(text + i, "..", 2) == 0))
            goto refuse;
        out[n++] = '/';
        memcpy(out + n, text + i, part);
        n += part;
        i += part;
    }
    if (n == 0)
        out[n++] = '/';
    out[n] = '\0';
    return out;
refuse:
    free(out);
    return NULL;
}

static bool parse_client(const char *text, struct export_spec *spec)
{
    struct export_client *client = &spec->clients[spec->client_count];
    char addr[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    uint64_t bits, bits_max;

    if (spec->client_count == LIMIT_EXPORT_CLIENTS || len >= sizeof(addr))
        return false;
    memcpy(addr, text, len);
    addr[len] = '\0';
    if (inet_pton(AF_INET, addr, client->addr) == 1)
        client->family = AF_INET;
    else if (inet_pton(AF_INET6, addr, client->addr) == 1)
        client->family = AF_INET6;
    else
        return false;
    bits = bits_max = client->family == AF_INET ? 32 : 128;
    if (slash && !parse_u64(slash + 1, bits_max, &bits))
        return false;
    client->prefix_bits = (uint8_t)bits;
    spec->client_count++;
    return true;
}

/* AUTH_SYS is what there is; a list that leaves it out would export to nobody. */
static bool parse_sec(const char *text, struct export_spec *spec)
{
    bool sys = false;

    (void)spec;
    while (*text) {
        size_t len = strcspn(text, ":");

        if (len == 3 && memcmp(text, "sys", 3) == 0)
            sys = true;
        else
            return false;
        text += len + (text[len] == ':');
    }
    return sys;
}

static bool parse_number(const char *text, uint32_t *out)
{
    uint64_t v;

    if (!parse_u64(text, UINT32_MAX, &v))
        return false;
    *out = (uint32_t)v;
    return true;
}

static bool parse_anonuid(const char *value, struct export_spec *spec)
{
    return parse_number(value, &spec->anon_uid);
}

static bool parse_anongid(const char *value, struct export_spec *spec)
{
    return parse_number(value, &spec->anon_gid);
}

static bool parse_fsid(const char *value, struct export_spec *spec)
{
    spec->has_fsid = parse_u64(value, INT64_MAX, &spec->fsid) && spec->fsid != 0;
    return spec->has_fsid;
}

static const struct valued_option {
    const char *name, *form;
    bool (*parse)(const char *value, struct export_spec *spec);
} valued_options[] = {
    {"anonuid", "anonuid=N, a user's number", parse_anonuid},
    {"anongid", "anongid=N, a group's number", parse_anongid},
    {"client", "client=ADDR or client=ADDR/BITS, a numeric address; up to 64 of them",
     parse_client},
    {"sec", "sec=sys", parse_sec},
    {"fsid", "fsid=N, a number from 1", parse_fsid},
};

static bool parse_valued(const char *option, struct export_spec *spec, char *error, size_t size)
{
    size_t len = strcspn(option, "=");

    for (size_t i = 0; i < ARRAY_SIZE(valued_options); i++) {
        const struct valued_option *known = &valued_options[i];

        if (strlen(known->name) != len || strncmp(option, known->name, len) != 0)
            continue;
        if (option[len] == '=' && known->parse(option + len + 1, spec))
            return true;
        (void)snprintf(error, size, "export option '%s': it has the form %s", option, known->form);
        return false;
    }
    return fail(error, size, "unknown export option", option);
}

static bool parse_option(const char *option, struct export_spec *spec, char *error, size_t size)
{
    if (strcmp(option, "ro") == 0)
        spec->read_only = true;
    else if (strcmp(option, "rw") == 0)
        spec->read_only = false;
    else if (strcmp(option, "strict_utf8") == 0)
        spec->strict_utf8 = true;
    else if (strcmp(option, "sync") == 0)
        spec->async = false;
    else if (strcmp(option, "async") == 0)
        spec->async = true;
    else if (strcmp(option, "root_squash") == 0)
        spec->squash = EXPORT_ROOT_SQUASH;
    else if (strcmp(option, "no_root_squash") == 0)
        spec->squash = EXPORT_NO_ROOT_SQUASH;
    else if (strcmp(option, "all_squash") == 0)
        spec->squash = EXPORT_ALL_SQUASH;
    else if (strcmp(option, "secure") == 0)
        spec->ports = EXPORT_PORTS_SECURE;
    else if (strcmp(option, "insecure") == 0)
        spec->ports = EXPORT_PORTS_INSECURE;
    else
        return parse_valued(option, spec, error, size);
    return true;
}

/* Split "BACKEND[:ARG][,OPT...]"; `rest` is cut up. */
static bool parse_rest(char *rest, struct export_spec *spec, char *error, size_t size)
{
    char *options = strchr(rest, ',');
    char *arg;

    if (options)
        *options++ = '\0';
    arg = strchr(rest, ':');
    if (arg)
        *arg++ = '\0';
    if (*rest == '\0')
        return fail(error, size, "no backend in export", spec->path);
    spec->backend = must_strdup(rest);
    spec->arg = must_strdup(arg ? arg : "");
    while (options) {
        char *next = strchr(options, ',');

        if (next)
            *next++ = '\0';
        if (!parse_option(options, spec, error, size))
            return false;
        options = next;
    }
    return true;
}

bool export_spec_parse(const char *text, struct export_spec *spec, char *error, size_t error_size)
{
    const char *equals = strchr(text, '=');
    char *rest;
    bool ok;

    *spec = (struct export_spec){.anon_uid = 65534, .anon_gid = 65534};
    if (!equals)
        return fail(error, error_size, "expected PSEUDO=BACKEND[:ARG][,OPT...], got", text);
    spec->path = path_normalise(text, (size_t)(equals - text));
    if (!spec->path)
        return fail(error, error_size, "not an absolute path in export", text);
    rest = must_strdup(equals + 1);
    ok = parse_rest(rest, spec, error, error_size);
    free(rest);
    if (!ok)
        export_spec_fini(spec);
    return ok;
}

void export_spec_fini(struct export_spec *spec)
{
    free(spec->path);
    free(spec->backend);
    free(spec->arg);
    spec->path = spec->backend = spec->arg = NULL;
}
